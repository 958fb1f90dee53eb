namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchCreateRequest(byte[] Key, long WatchId, long StartRevision)
{
    public byte[]? RangeEnd { get; init; }

    public string[]? Filters { get; init; }

    public bool ProgressNotify => true;
}
