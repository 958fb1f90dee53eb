namespace LeaderElection.ZooKeeper.Client;

/// <summary>What the server knows of a node besides its data.</summary>
/// <param name="Czxid">The transaction that created it: greater for every later node.</param>
/// <param name="CreatedAt">Unix time in milliseconds, by the server's clock.</param>
/// <param name="EphemeralOwner">The session whose end removes it; 0 for a node that stays.</param>
internal readonly record struct Stat(long Czxid, long Mzxid, long CreatedAt, int Version, long EphemeralOwner, int ChildCount)
{
    public static Stat Read(ref JuteReader reader)
    {
        var czxid = reader.Long();
        var mzxid = reader.Long();
        var createdAt = reader.Long();
        _ = reader.Long(); // mtime
        var version = reader.Int();
        _ = reader.Int(); // cversion
        _ = reader.Int(); // aversion
        var owner = reader.Long();
        _ = reader.Int(); // dataLength
        var children = reader.Int();
        _ = reader.Long(); // pzxid
        return new Stat(czxid, mzxid, createdAt, version, owner, children);
    }
}
