namespace LeaderElection.Etcd.Protocol;

internal sealed record KeyValue
{
    public byte[] Key { get; init; } = [];

    public byte[] Value { get; init; } = [];

    public long CreateRevision { get; init; }

    public long ModRevision { get; init; }
}
