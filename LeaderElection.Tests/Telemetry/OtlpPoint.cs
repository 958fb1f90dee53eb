namespace LeaderElection.Tests.Telemetry;

/// <summary>A measurement as it arrived.</summary>
internal sealed record OtlpPoint(string Service, string Instance, string Metric, string Unit, IReadOnlyDictionary<string, string> Tags);
