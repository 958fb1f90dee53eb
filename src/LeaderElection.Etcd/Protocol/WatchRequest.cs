namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchRequest(WatchCreateRequest CreateRequest);
