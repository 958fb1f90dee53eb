using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Keeps a lease alive, or revokes it.</summary>
internal sealed record LeaseRequest(long Id) : EtcdMessage
{
    protected override void Write(CodedOutputStream output) => Write(output, 1, Id);
}
