namespace LeaderElection.Tests.Load;
internal static class SoakCommand
{
    public const string Name = "soak";
    public static Task<int> Main(string[] args) => Task.FromResult(args.Length);
}
