namespace LeaderElection.FileSystem;

/// <summary>
/// Tells whether two processes share a kernel, and so its clock and its locks: containers of one machine do, and have
/// names of their own; the same machine after a restart does not.
/// </summary>
internal static class HostIdentity
{
    public static string Value { get; } = Read();

    private static string Read()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        if (!OperatingSystem.IsLinux() || !File.Exists(bootId))
            return Uri.EscapeDataString(Environment.MachineName);
        // A time namespace has a monotonic clock of its own.
        var clock = new FileInfo("/proc/self/ns/time").LinkTarget ?? "";
        return $"{File.ReadAllText(bootId).Trim()}.{string.Concat(clock.Where(char.IsAsciiDigit))}";
    }
}
