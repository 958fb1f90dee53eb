using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record RangeRequest(byte[] Key) : EtcdStep(1)
{
    private const int TargetCreate = 2;

    public byte[]? RangeEnd { get; init; }

    public long Limit { get; init; }

    /// <summary>Whether the keys come in the order in which they were created.</summary>
    public SortOrder ByCreation { get; init; }

    public long MaxCreateRevision { get; init; }

    protected override void Write(CodedOutputStream output)
    {
        Write(output, 1, Key);
        if (RangeEnd is not null)
            Write(output, 2, RangeEnd);
        Write(output, 3, Limit);
        if (ByCreation != SortOrder.None)
        {
            Write(output, 5, (long)ByCreation);
            Write(output, 6, TargetCreate);
        }
        Write(output, 13, MaxCreateRevision);
    }
}
