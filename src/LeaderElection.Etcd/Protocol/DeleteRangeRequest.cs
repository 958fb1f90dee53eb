namespace LeaderElection.Etcd.Protocol;

internal sealed record DeleteRangeRequest(byte[] Key);
