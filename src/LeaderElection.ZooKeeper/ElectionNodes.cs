using System.Collections.Concurrent;
using LeaderElection.ZooKeeper.Client;
using LeaderElection.ZooKeeper.Nodes;

namespace LeaderElection.ZooKeeper;

/// <summary>Where the nodes of elections are, what they are called and who may touch them.</summary>
internal sealed class ElectionNodes(ZooKeeperElectionOptions options)
{
    private readonly ConcurrentDictionary<long, ZooKeeperEntry> _own = new();
    private readonly ConcurrentDictionary<string, bool> _parents = new();
    private readonly ConcurrentDictionary<long, bool> _persistent = new();

    public string Root { get; } = options.RootPath;

    public NodeNaming Naming { get; } = NodeNaming.Create(options.NodeNaming);

    public IReadOnlyList<Acl> Acl { get; } = Client.Acl.For(withPassword: !string.IsNullOrEmpty(options.UserName), options.TlsSubjects);

    public string Parent(string election) => $"{Root}/{election}";

    /// <summary>Whether the election's node was there when it was last needed.</summary>
    public bool IsKnown(string parent) => _parents.ContainsKey(parent);

    /// <summary>Takes note whether the election's node is there.</summary>
    public void Learn(string parent, bool exists)
    {
        if (exists)
            _parents[parent] = true;
        else
            _parents.TryRemove(parent, out _);
    }

    /// <summary>Takes note of a node that no session's end takes away.</summary>
    /// <returns>Whether it is the first time.</returns>
    public bool LearnPersistent(long czxid) => _persistent.TryAdd(czxid, true);

    /// <summary>Takes note of a node of this process.</summary>
    public void Add(long czxid, ZooKeeperEntry entry) => _own[czxid] = entry;

    public void Remove(long czxid) => _own.TryRemove(czxid, out _);

    /// <summary>The node of this process that was created in that transaction, and is still wanted.</summary>
    public string? Find(long czxid) =>
        _own.GetValueOrDefault(czxid) is { Name: { } name, Parent: var parent } ? $"{parent}/{name}" : null;
}
