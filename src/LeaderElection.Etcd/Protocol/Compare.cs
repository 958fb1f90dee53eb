using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>A condition of a transaction: the key was created at that revision; 0: it does not exist.</summary>
internal sealed record Compare(byte[] Key, long CreateRevision) : EtcdMessage
{
    private const int TargetCreate = 1;

    protected override void Write(CodedOutputStream output)
    {
        Write(output, 2, TargetCreate);
        Write(output, 3, Key);
        Write(output, 5, CreateRevision);
    }
}
