namespace LeaderElection.Etcd.Protocol;

/// <summary>A condition of a transaction: the key was created at that revision; 0: it does not exist.</summary>
internal sealed record Compare(byte[] Key, long CreateRevision)
{
    public string Target => "CREATE";
}
