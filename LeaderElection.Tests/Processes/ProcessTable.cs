using System.Globalization;

namespace LeaderElection.Tests.Processes;

/// <summary>What /proc says of processes. Linux only.</summary>
internal static class ProcessTable
{
    /// <summary>The processes that have a text in their command line, environment or folder, such as the folder of their test, whoever their parent is.</summary>
    // By their environment they are known best; but servers that show a title of their own, such as redis, write it over that.
    public static IReadOnlyList<int> Mentioning(string text) => [.. All().Where(pid => Mentions(pid, text))];

    public static IEnumerable<int> ChildrenOf(int parent) => All().Where(pid => ParentOf(pid) == parent);

    /// <summary>Whether it runs; one that has ended is gone, even if its parent has not noticed yet.</summary>
    public static bool IsAlive(int pid) => Read(pid, "cmdline").Length > 0;

    public static string CommandLine(int pid) => Read(pid, "cmdline").Replace('\0', ' ').TrimEnd();

    private static bool Mentions(int pid, string text) => new[] { Read(pid, "cmdline"), Read(pid, "environ"), FolderOf(pid) }
        .Any(place => place.Contains(text, StringComparison.Ordinal));

    private static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0);

    private static int? ParentOf(int pid) =>
        // The name in parentheses may hold anything, so what counts comes after the last of them.
        Read(pid, "stat") is { Length: > 0 } stat ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) : null;

    private static string Read(int pid, string file) => OrNothing(() => File.ReadAllText($"/proc/{pid}/{file}"));

    private static string FolderOf(int pid) => OrNothing(() => new FileInfo($"/proc/{pid}/cwd").LinkTarget ?? "");

    /// <summary>Nothing of a process that has ended, even if its parent has not noticed yet, and nothing of one that is another user's.</summary>
    private static string OrNothing(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
