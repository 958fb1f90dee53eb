namespace LeaderElection.Etcd.Protocol;

internal sealed record KeyValue
{
    // Not init: the generated reader would set what is missing to null.
    public byte[] Key { get; set; } = [];

    public byte[] Value { get; set; } = [];

    public long CreateRevision { get; init; }

    public long ModRevision { get; init; }
}
