namespace LeaderElection.ZooKeeper.Client;

internal static class ZooKeeperPath
{
    /// <summary>Whether a server would take it: absolute, and no part of it empty, <c>.</c> or <c>..</c>.</summary>
    public static bool IsValid(string path) =>
        path is ['/', _, ..] && !path.Any(char.IsControl) && path[1..].Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>The path and all above it, from the top.</summary>
    public static IEnumerable<string> WithParents(string path)
    {
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
            yield return path[..end];
        yield return path;
    }
}
