namespace LeaderElection.Etcd.Protocol;

internal sealed record RangeRequest(byte[] Key)
{
    public byte[]? RangeEnd { get; init; }

    public long Limit { get; init; }

    public string? SortOrder { get; init; }

    public string? SortTarget { get; init; }

    public long MaxCreateRevision { get; init; }
}
