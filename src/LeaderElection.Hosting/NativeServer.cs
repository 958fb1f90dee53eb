namespace LeaderElection.Hosting;

/// <summary>Servers that are installed on this machine.</summary>
public static class NativeServer
{
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
}
