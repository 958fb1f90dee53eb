namespace LeaderElection.Hosting;

/// <summary>Servers that are installed on this machine.</summary>
public static class NativeServer
{
    // Where Debian's package has it; the jar names those it needs.
    private const string ZooKeeperJar = "/usr/share/java/zookeeper.jar";

    // Without it ZooKeeper would not say why it cannot start.
    private const string LoggerJar = "/usr/share/java/slf4j-simple.jar";

    /// <summary>Looks for a program on the path.</summary>
    /// <param name="program">Its name, without a folder.</param>
    /// <returns>The full path, or <see langword="null"/> where it is not installed.</returns>
    public static string? Find(string program)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);

        // Debian keeps servers in folders that are not on every user's path.
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator), "/usr/sbin", "/usr/local/sbin"];
        string[] names = OperatingSystem.IsWindows() ? [program + ".exe"] : [program];
        return folders.Where(folder => folder.Length > 0)
            .SelectMany(folder => names, Path.Combine)
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Looks for a ZooKeeper release in <c>ZOOKEEPER_HOME</c>, else for ZooKeeper as Debian and Ubuntu install it.</summary>
    /// <returns>The class path that starts it, or <see langword="null"/> where it is not installed.</returns>
    public static string? FindZooKeeper() =>
        Environment.GetEnvironmentVariable("ZOOKEEPER_HOME") is { Length: > 0 } home && Directory.Exists(Path.Combine(home, "lib")) ? Path.Combine(home, "lib", "*")
        : File.Exists(ZooKeeperJar) ? string.Join(Path.PathSeparator, ZooKeeperJar, LoggerJar)
        : null;
}
