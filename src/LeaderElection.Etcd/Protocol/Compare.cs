using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>A condition of a transaction.</summary>
internal sealed record Compare : EtcdMessage
{
    private const int ByCreation = 1;
    private const int ByChange = 2;

    private readonly byte[] _key;
    private readonly int _target;
    private readonly long _revision;

    private Compare(byte[] key, int target, long revision) => (_key, _target, _revision) = (key, target, revision);

    /// <summary>The key was created at that revision; 0: it does not exist.</summary>
    public static Compare Creation(byte[] key, long revision) => new(key, ByCreation, revision);

    /// <summary>The key was last put at that revision.</summary>
    public static Compare Change(byte[] key, long revision) => new(key, ByChange, revision);

    protected override void Write(CodedOutputStream output)
    {
        Write(output, 2, _target);
        Write(output, 3, _key);
        Write(output, _target == ByCreation ? 5 : 6, _revision);
    }
}
