namespace LeaderElection.Tests.Telemetry;

/// <summary>A span as it arrived.</summary>
internal sealed record OtlpSpan(
    string Service, string Instance, string TraceId, string SpanId, string ParentId, string Name, bool IsError, string StatusMessage,
    IReadOnlyDictionary<string, string> Tags, TimeSpan Delay);
