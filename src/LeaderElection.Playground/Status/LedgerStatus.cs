namespace LeaderElection.Playground.Status;

internal sealed record LedgerStatus(long Accepted, long Refused);
