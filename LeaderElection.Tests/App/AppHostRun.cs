using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

/// The AppHost as a user starts it, with its dashboard.
internal static class AppHostRun
{
    public static ChildProcess Start(IReadOnlyDictionary<string, string?> environment, params string[] args)
    {
        var host = typeof(Projects.LeaderElection_AppHost).Assembly.Location;
        var dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        // A job that a shell started in its background ignores Ctrl+C, and so would its children.
        return ChildProcess.Start(
            "env",
            ["--default-signal=INT", dotnet, "exec", host, "--strategies", "file", "--replicas", "2", "--board-port", "0", .. args],
            environment,
            Path.GetDirectoryName(host));
    }
}
