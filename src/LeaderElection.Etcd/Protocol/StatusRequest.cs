namespace LeaderElection.Etcd.Protocol;

internal sealed record StatusRequest;
