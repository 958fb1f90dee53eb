using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Asks for a watch, with reports of progress while nothing happens.</summary>
internal sealed record WatchCreateRequest(byte[] Key, byte[]? RangeEnd, long StartRevision, bool DeletesOnly, long WatchId) : EtcdMessage
{
    private const int NoPuts = 0;

    protected override void Write(CodedOutputStream output) => Write(output, 1, new Fields(this));

    private sealed record Fields(WatchCreateRequest Watch) : EtcdMessage
    {
        protected override void Write(CodedOutputStream output)
        {
            Write(output, 1, Watch.Key);
            if (Watch.RangeEnd is not null)
                Write(output, 2, Watch.RangeEnd);
            Write(output, 3, Watch.StartRevision);
            Write(output, 4, 1);
            if (Watch.DeletesOnly)
                Write(output, 5, NoPuts);
            Write(output, 7, Watch.WatchId);
        }
    }
}
