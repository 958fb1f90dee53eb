namespace LeaderElection.Etcd.Protocol;

internal sealed record RangeResponse
{
    public ResponseHeader? Header { get; init; }

    public KeyValue?[] Kvs { get; set => field = value ?? []; } = [];

    /// <summary>The first key of the answer, if there is one.</summary>
    public KeyValue? First => Kvs is [var first, ..] ? first : null;
}
