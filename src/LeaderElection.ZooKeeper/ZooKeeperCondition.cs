namespace LeaderElection.ZooKeeper;

/// <summary>
/// A leadership as ZooKeeper can check it: put a <c>check</c> of this path and version into a <c>multi</c>, with any
/// client, and what else is in it is done only while the leadership stands in the store.
/// </summary>
/// <remarks>
/// The path is the leader's own node, which the server deletes before another can lead. The election's node must not
/// be deleted while candidates run: names under it would be given out a second time.
/// </remarks>
/// <param name="Path">The leader's node, below the folder of the connection string, if that has one.</param>
/// <param name="Version">The version of its data.</param>
public sealed record ZooKeeperCondition(string Path, int Version);
