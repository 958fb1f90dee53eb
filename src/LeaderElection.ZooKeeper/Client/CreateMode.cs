namespace LeaderElection.ZooKeeper.Client;

/// <summary>What kind of node is created.</summary>
internal enum CreateMode
{
    Persistent = 0,
    Ephemeral = 1,
    EphemeralSequential = 3,

    /// <summary>Removed by the server some time after its last child is gone.</summary>
    Container = 4,
}
