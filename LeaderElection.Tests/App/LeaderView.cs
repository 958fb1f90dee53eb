namespace LeaderElection.Tests.App;

internal sealed record LeaderView(string Candidate, long FencingToken, DateTimeOffset Since);
