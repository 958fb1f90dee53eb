namespace LeaderElection.ZooKeeper.Client;

/// <summary>A node's data.</summary>
internal sealed record Node(byte[] Data, Stat Stat);
