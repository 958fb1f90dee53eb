namespace LeaderElection.AppHost;

/// <summary>Brings our own options into the form of Aspire's configuration, and finds those that nobody knows.</summary>
internal static class CommandLine
{
    // By their names without hyphens; the configuration does not tell capitals from small letters.
    private static readonly Dictionary<string, string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        ["strategies"] = "Strategies",
        ["replicas"] = "Replicas",
        ["stores"] = "Stores",
        ["boardport"] = "BoardPort",
        ["leaseduration"] = "LeaseDuration",
        ["scenario"] = "Scenario",
        ["datadir"] = "DataDirectory",
        ["datadirectory"] = "DataDirectory",
    };

    // Those of Aspire's builder, and of the host it stands on.
    private static readonly HashSet<string> OfAspire = new(StringComparer.OrdinalIgnoreCase)
    {
        "--operation", "--publisher", "--step", "--list-steps", "--output-path", "--log-level", "--include-exception-details", "--clear-cache", "--yes",
        "--dcp-cli-path", "--dcp-container-runtime", "--dcp-dependency-check-timeout", "--dcp-dashboard-path",
        "--environment", "--contentRoot", "--applicationName", "--urls",
    };

    /// <summary>Whether the Aspire CLI has started us: it says what it wants, and in newer versions more than is listed here.</summary>
    private static bool IsOfAspireCli => Environment.GetEnvironmentVariable("ASPIRE_CLI_PID") is { Length: > 0 };

    /// <exception cref="FormatException">Nobody knows an option, or it lacks its value; the message is one line for the user.</exception>
    public static string[] ToAspire(string[] args)
    {
        var result = new List<string>();
        var letAllPass = IsOfAspireCli || args.Any(arg => arg.StartsWith("--operation", StringComparison.OrdinalIgnoreCase));
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].IndexOf('=') is >= 0 and var at ? (args[i][..at], args[i][(at + 1)..]) : (args[i], null);
            if (name.StartsWith("--", StringComparison.Ordinal) && Own.TryGetValue(name.Replace("-", "", StringComparison.Ordinal), out var key))
            {
                value ??= i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : "";
                result.Add(value.Length > 0 ? $"--{key}={value}" : throw new FormatException($"{name} needs a value; see --help"));
                continue;
            }

            if (!letAllPass && !OfAspire.Contains(name) && !(name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':')))
                throw new FormatException($"Unknown argument '{args[i]}'; see --help");
            result.Add(args[i]);
            if (value is null && i + 1 < args.Length && !args[i + 1].StartsWith('-'))
                result.Add(args[++i]);
        }
        return [.. result];
    }
}
