using System.Collections.Concurrent;

namespace Aspire.Hosting.StandIn.Dashboard;

/// The machine's own npm client, with the registry and the proxies that it is set up for.
internal sealed class Npm(string program, Watchdog watchdog)
{
    /// Null where there is none.
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "npm.cmd" : "npm"))
        .FirstOrDefault(File.Exists);

    /// The digest of a package as the registry states it.
    public async Task<string> IntegrityOfAsync(string package, string workingDirectory, CancellationToken cancellationToken) =>
        (await RunAsync(["view", package, "dist.integrity"], workingDirectory, cancellationToken)).LastOrDefault(line => line.StartsWith("sha512-", StringComparison.Ordinal))
        ?? throw new DashboardUnavailableException($"npm states no digest of {package}");

    /// Downloads a package, as the archive that the registry keeps.
    public async Task<string> PackAsync(string package, string workingDirectory, CancellationToken cancellationToken)
    {
        await RunAsync(["pack", package, "--silent"], workingDirectory, cancellationToken);
        return Directory.EnumerateFiles(workingDirectory, "*.tgz").FirstOrDefault()
            ?? throw new DashboardUnavailableException($"npm brought no archive of {package}");
    }

    private async Task<IReadOnlyCollection<string>> RunAsync(IReadOnlyList<string> arguments, string workingDirectory, CancellationToken cancellationToken)
    {
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        var spec = new ProcessSpec(program, workingDirectory, arguments, new Dictionary<string, string> { ["NPM_CONFIG_UPDATE_NOTIFIER"] = "false" });
        var exitCode = await ChildProcess.RunAsync(spec, watchdog, (line, isError) => (isError ? errors : output).Enqueue(line), cancellationToken);
        return exitCode == 0
            ? output
            : throw new DashboardUnavailableException(errors.Concat(output).FirstOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase))
                ?? $"npm {arguments[0]} ended with exit code {exitCode}");
    }
}
