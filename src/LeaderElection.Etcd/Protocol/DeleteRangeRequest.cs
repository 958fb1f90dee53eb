using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record DeleteRangeRequest(byte[] Key) : EtcdStep(3)
{
    protected override void Write(CodedOutputStream output) => Write(output, 1, Key);
}
