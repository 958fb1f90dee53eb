using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>Grants a lease, with its time to live in seconds.</summary>
internal sealed record LeaseGrantRequest(long Id, long Ttl) : EtcdMessage
{
    protected override void Write(CodedOutputStream output)
    {
        Write(output, 1, Ttl);
        Write(output, 2, Id);
    }
}
