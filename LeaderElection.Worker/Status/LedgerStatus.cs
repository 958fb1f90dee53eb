namespace LeaderElection.Worker.Status;

internal sealed record LedgerStatus(long Accepted, long Refused);
