using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.StandIns;

/// The AppHost as a user starts it, with its dashboard.
internal static class AppHostRun
{
    public static ChildProcess Start(IReadOnlyDictionary<string, string?> environment, params string[] args)
    {
        var host = typeof(Projects.LeaderElection_AppHost).Assembly.Location;
        return ChildProcess.Start(
            Environment.ProcessPath is { } dotnet && Path.GetFileNameWithoutExtension(dotnet) == "dotnet" ? dotnet : "dotnet",
            ["exec", host, "--strategies", "file", "--replicas", "2", "--board-port", "0", .. args],
            environment,
            Path.GetDirectoryName(host));
    }
}
