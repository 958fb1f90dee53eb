namespace LeaderElection.Tests.Browser;

/// <summary>Pictures that tests keep, for people to look at.</summary>
internal static class Screenshots
{
    private static readonly string Folder = Directory.CreateDirectory(Path.Combine(Repository, "artifacts", "screenshots")).FullName;

    // .../LeaderElection.Tests/bin/Debug/net10.0/
    private static string Repository => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.FullName;

    public static string PathOf(string name) => Path.Combine(Folder, $"{name}.png");
}
