using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record PutRequest(byte[] Key, byte[] Value, long Lease = 0) : EtcdStep(2)
{
    protected override void Write(CodedOutputStream output)
    {
        Write(output, 1, Key);
        Write(output, 2, Value);
        Write(output, 3, Lease);
    }
}
