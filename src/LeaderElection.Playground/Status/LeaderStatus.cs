namespace LeaderElection.Playground.Status;

internal sealed record LeaderStatus(string Candidate, long FencingToken, DateTimeOffset Since);
