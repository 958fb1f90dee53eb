namespace LeaderElection.Etcd.Protocol;

internal sealed record StatusResponse
{
    public string? Version { get; init; }

    /// <summary>The member that leads the cluster; 0 while there is none.</summary>
    public ulong Leader { get; init; }
}
