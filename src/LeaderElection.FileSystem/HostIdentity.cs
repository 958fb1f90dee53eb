namespace LeaderElection.FileSystem;

/// <summary>
/// Tells whether two processes share a kernel, and so its clock, and a mount, and so the locks: containers of one machine
/// do, and have names of their own; the same machine after a restart does not. Where a system names no boot, each
/// process counts as a machine of its own: then leases are waited out by the observer's own clock, which is always right.
/// </summary>
internal static class HostIdentity
{
    private static readonly string Kernel = Read();

    /// <summary>The kernel, and the device of the file system as it is seen here.</summary>
    public static string Of(string folder) => Unix.DeviceOf(folder) is { } device ? $"{Kernel}.{device}" : Kernel;

    /// <summary>Whether two of them are of one kernel that sees the folder through two file systems: one over the other, as FUSE's or overlays are, does not pass locks on.</summary>
    public static bool AreTwoMountsOfOneKernel(string one, string other) =>
        one != other && one.StartsWith(Kernel + ".", StringComparison.Ordinal) && other.StartsWith(Kernel + ".", StringComparison.Ordinal);

    private static string Read()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        if (!OperatingSystem.IsLinux() || !File.Exists(bootId))
            return $"{Uri.EscapeDataString(Environment.MachineName)}.{Guid.NewGuid():N}";
        // A time namespace has a monotonic clock of its own.
        var clock = new FileInfo("/proc/self/ns/time").LinkTarget ?? "";
        return $"{File.ReadAllText(bootId).Trim()}.{string.Concat(clock.Where(char.IsAsciiDigit))}";
    }
}
