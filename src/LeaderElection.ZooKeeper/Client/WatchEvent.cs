namespace LeaderElection.ZooKeeper.Client;

/// <summary>Why a watch fired.</summary>
internal enum WatchEvent
{
    /// <summary>The session or the connection is gone, and the watch with it: look again.</summary>
    Unsure = -1,
    NodeCreated = 1,
    NodeDeleted = 2,
    DataChanged = 3,
    ChildrenChanged = 4,
}
