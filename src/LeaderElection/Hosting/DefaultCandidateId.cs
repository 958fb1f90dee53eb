namespace LeaderElection.Hosting;

internal static class DefaultCandidateId
{
    public static string Value { get; } = Create(Environment.GetEnvironmentVariable);

    internal static string Create(Func<string, string?> environment)
    {
        var service = environment("OTEL_SERVICE_NAME");
        var instance = (environment("OTEL_RESOURCE_ATTRIBUTES") ?? "")
            .Split(',', StringSplitOptions.TrimEntries)
            .FirstOrDefault(a => a.StartsWith("service.instance.id=", StringComparison.Ordinal))?["service.instance.id=".Length..];
        return ElectionNames.Sanitize(service is { Length: > 0 } && instance is { Length: > 0 }
            ? $"{service}-{instance}"
            : $"{Environment.MachineName}-{Environment.ProcessId}");
    }
}
