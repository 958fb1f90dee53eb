namespace LeaderElection.Etcd.Protocol;

internal sealed record PutRequest(byte[] Key, byte[] Value, long Lease = 0);
