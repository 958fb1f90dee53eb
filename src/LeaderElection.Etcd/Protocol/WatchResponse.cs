namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchResponse
{
    public ResponseHeader? Header { get; init; }

    public long WatchId { get; init; }

    public bool Created { get; init; }

    public bool Canceled { get; init; }

    public string? CancelReason { get; init; }

    public long CompactRevision { get; init; }

    public WatchEvent[] Events { get; set => field = value is null ? [] : [.. value.OfType<WatchEvent>()]; } = [];
}
