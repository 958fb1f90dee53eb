using System.Diagnostics;
using System.Globalization;

namespace LeaderElection.Tests.Servers;

/// <summary>A view of the machine's clocks in which it has been suspended: <c>CLOCK_BOOTTIME</c> is ahead by that, and no other clock.</summary>
internal static class TimeNamespace
{
    private static readonly Lazy<bool> Possible = new(() => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && TryCreate());

    /// <summary>Whether this machine and user may make one.</summary>
    public static bool IsPossible => Possible.Value;

    /// <summary>What a command line begins with that is to run in one.</summary>
    public static string[] After(TimeSpan suspension) =>
        ["unshare", "--time", "--boottime", suspension.TotalSeconds.ToString("0", CultureInfo.InvariantCulture), "--"];

    private static bool TryCreate()
    {
        try
        {
            var command = After(TimeSpan.FromSeconds(1));
            using var process = Process.Start(new ProcessStartInfo(command[0], [.. command[1..], "true"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
