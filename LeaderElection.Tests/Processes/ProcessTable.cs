using System.Globalization;

namespace LeaderElection.Tests.Processes;

/// What /proc says of processes. Linux only.
internal static class ProcessTable
{
    public static IEnumerable<int> ChildrenOf(int parent) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0 && Stat(pid) is { } stat && stat.Parent == parent);

    /// A zombie is gone: only its parent's note of it is left.
    public static bool IsAlive(int pid) => Stat(pid) is { State: not "Z" };

    public static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static (string State, int Parent)? Stat(int pid)
    {
        try
        {
            // The name in parentheses may hold anything, so what counts comes after the last of them.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
