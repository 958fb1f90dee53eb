using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record StatusRequest : EtcdMessage
{
    protected override void Write(CodedOutputStream output)
    {
    }
}
