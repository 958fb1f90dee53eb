using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;

namespace LeaderElection.Hosting;

internal static class ContainerRuntime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Asked once: a runtime that does not answer takes its time not to.
    private static readonly Lazy<bool> HasRuntime = new(() => Answers("docker") || Answers("podman"));

    /// <summary>Whether containers can be run: by an orchestrator, on a runtime that answers.</summary>
    public static bool IsAvailable(Assembly? appHost) => HasOrchestrator(appHost) && HasRuntime.Value;

    /// <summary>Whether the build has DCP, by which Aspire runs containers; its SDK notes the path in the AppHost.</summary>
    public static bool HasOrchestrator(Assembly? appHost) => appHost?.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Any(attribute => string.Equals(attribute.Key, "dcpclipath", StringComparison.OrdinalIgnoreCase)) == true;

    private static bool Answers(string runtime)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, ["info"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;

            if (process.WaitForExit(Patience))
                return process.ExitCode == 0;

            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
