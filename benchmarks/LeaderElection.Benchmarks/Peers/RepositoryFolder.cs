namespace LeaderElection.Benchmarks.Peers;

internal static class RepositoryFolder
{
    /// <returns>The folder of the solution that this program was built in; null where it was taken elsewhere.</returns>
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LeaderElection.sln")))
                return folder.FullName;
        }
        return null;
    }
}
