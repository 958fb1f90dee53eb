namespace LeaderElection.Etcd.Protocol;

internal sealed record KeyValue
{
    // Not init: the generated reader would set what is missing to null. A null is as good as nothing.
    public byte[] Key { get; set => field = value ?? []; } = [];

    public byte[] Value { get; set => field = value ?? []; } = [];

    public long CreateRevision { get; init; }

    public long ModRevision { get; init; }
}
