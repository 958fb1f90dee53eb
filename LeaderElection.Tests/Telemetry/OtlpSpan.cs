namespace LeaderElection.Tests.Telemetry;

/// <summary>A span as it arrived.</summary>
/// <param name="Links">The ids of the spans that it is linked to.</param>
internal sealed record OtlpSpan(
    string Service, string Instance, string TraceId, string SpanId, string ParentId, string Name, bool IsError, string StatusMessage,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyList<string> Links, TimeSpan Delay);
