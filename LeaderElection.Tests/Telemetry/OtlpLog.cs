namespace LeaderElection.Tests.Telemetry;

/// <summary>A line of the structured logs as it arrived.</summary>
internal sealed record OtlpLog(string Service, string Instance, string TraceId, string Message, IReadOnlyDictionary<string, string> Attributes, TimeSpan Delay);
