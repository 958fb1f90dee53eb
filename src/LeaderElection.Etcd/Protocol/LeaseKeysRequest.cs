using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Asks which keys hang on a lease.</summary>
internal sealed record LeaseKeysRequest(long Id) : EtcdMessage
{
    protected override void Write(CodedOutputStream output)
    {
        Write(output, 1, Id);
        Write(output, 2, 1);
    }
}
