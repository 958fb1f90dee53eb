namespace LeaderElection.ZooKeeper.Client;

/// <summary>A node that was just created.</summary>
/// <param name="Path">Its path, with the number that a sequential node got.</param>
internal sealed record Created(string Path, Stat Stat);
