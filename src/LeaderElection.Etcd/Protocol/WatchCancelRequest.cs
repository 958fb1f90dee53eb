using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchCancelRequest(long WatchId) : EtcdMessage
{
    // Of the same form: the number of the watch is the one field.
    protected override void Write(CodedOutputStream output) => Write(output, 2, new LeaseRequest(WatchId));
}
