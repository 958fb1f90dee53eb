using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchCancelRequest(long WatchId) : EtcdMessage
{
    protected override void Write(CodedOutputStream output) => Write(output, 2, new Fields(WatchId));

    private sealed record Fields(long WatchId) : EtcdMessage
    {
        protected override void Write(CodedOutputStream output) => Write(output, 1, WatchId);
    }
}
