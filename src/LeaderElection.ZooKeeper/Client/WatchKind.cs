namespace LeaderElection.ZooKeeper.Client;

/// <summary>What a watch waits for.</summary>
internal enum WatchKind
{
    /// <summary>The node's data, or its end.</summary>
    Data,

    /// <summary>That the node comes into being.</summary>
    Exist,

    /// <summary>The node's children, or its end.</summary>
    Child,
}
