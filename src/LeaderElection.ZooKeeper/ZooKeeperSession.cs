using LeaderElection.Leases;
using LeaderElection.Sessions;
using LeaderElection.ZooKeeper.Client;
using LeaderElection.ZooKeeper.Nodes;

namespace LeaderElection.ZooKeeper;

/// <summary>The session of this process, and the candidates' nodes that live as long as it.</summary>
internal sealed class ZooKeeperSession : Session
{
    private readonly Lock _lock = new();
    private readonly ElectionNodes _nodes;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _taken = new();
    private readonly long _openedAt;
    private long? _claimedAt;
    private bool _rootWasMade;

    /// <param name="warn">Tells the user what is wrong with the store.</param>
    public ZooKeeperSession(ZooKeeperClient client, ElectionNodes nodes, LeaseClock clock, Action<string> warn)
        : base(clock)
    {
        Client = client;
        _warn = warn;
        _nodes = nodes;
        _time = clock.Time;
        _openedAt = _time.GetTimestamp();
        client.Connected += _ => RenewSoon();
        client.Expired += clock.Revoke;
        if (client.IsOver)
            clock.Revoke();
    }

    public ZooKeeperClient Client { get; }

    /// <summary>Whether candidates sit on it, or did: the engine renews it then, and closes it in the end. Before, observers alone need it.</summary>
    public bool IsTaken => _taken.IsCancellationRequested;

    /// <summary>Cancelled when it is taken.</summary>
    public CancellationToken Taken => _taken.Token;

    /// <summary>The session of this process that was opened after this one.</summary>
    public ZooKeeperSession? Successor { get; set; }

    /// <summary>The engine has it from now on.</summary>
    public void Take() => _taken.Cancel();

    /// <summary>Renews at once; for who holds the session before the engine does.</summary>
    public ValueTask<bool> RenewNowAsync(CancellationToken cancellationToken) => RenewAsync(cancellationToken);

    protected internal override QueueEntry CreateEntry(string election, string candidateId) =>
        new ZooKeeperEntry(election, candidateId, _nodes.Parent(election));

    protected internal override async ValueTask<QueuePlace> JoinAsync(QueueEntry queueEntry, CancellationToken cancellationToken)
    {
        var entry = (ZooKeeperEntry)queueEntry;
        if (entry.WasTried && await FindAsync(entry, cancellationToken).ConfigureAwait(false))
            return await LookAsync(entry, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            ClaimBegins();
            Task parent;
            Task<Reply<Created>> creating;
            Task<Reply<string[]>> listing;
            using (Client.Together())
            {
                // A new election's node goes out right before the candidate's: it costs no round trip of its own.
                parent = _nodes.IsKnown(entry.Parent)
                    ? Task.CompletedTask
                    : EnsureParentAsync(entry.Parent, hasRoot: Interlocked.Exchange(ref _rootWasMade, true), cancellationToken);
                entry.WasTried = true;
                creating = Client.CreateAsync(
                    $"{entry.Parent}/{_nodes.Naming.Prefix(entry.Id)}", _nodes.Naming.Data(entry.CandidateId, entry.Id), _nodes.Acl,
                    CreateMode.EphemeralSequential, cancellationToken);
                listing = Client.GetChildrenAsync(entry.Parent, null, cancellationToken);
            }
            try
            {
                await Task.WhenAll(creating, listing).ConfigureAwait(false);
            }
            finally
            {
                // What was wrong with it, the candidate's own node tells.
                await parent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            var created = await creating.ConfigureAwait(false);
            _nodes.Learn(entry.Parent, exists: created.IsOk);
            if (created.Code == ErrorCode.NoNode)
            {
                await EnsureParentAsync(entry.Parent, hasRoot: false, cancellationToken).ConfigureAwait(false);
                continue;
            }
            Joined(entry, created.Required().Path, created.Value!.Stat);
            ConfirmProven();
            var children = await listing.ConfigureAwait(false);
            if (!children.IsOk || created.Value.Stat.EphemeralOwner != Client.SessionId || Place(entry, children.Value!, out _) != QueuePlace.First)
                return await LookAsync(entry, cancellationToken).ConfigureAwait(false);
            _ = ListenToOwnAsync(entry);
            return QueuePlace.First;
        }
    }

    protected internal override async ValueTask<QueuePlace> LookAsync(QueueEntry queueEntry, CancellationToken cancellationToken)
    {
        var entry = (ZooKeeperEntry)queueEntry;
        while (true)
        {
            if (entry.WasDeleted)
            {
                entry.IsGone();
                return QueuePlace.Gone;
            }
            ClaimBegins();
            Task<Reply<bool>> syncing;
            Task<Reply<string[]>> listing;
            Task<Reply<Node>>? reading;
            using (Client.Together())
            {
                // One round trip. The sync shows that the session lives at the ensemble's leader, not at this server only.
                syncing = Client.SyncAsync(entry.Parent, cancellationToken);
                listing = Client.GetChildrenAsync(entry.Parent, null, cancellationToken);
                // A server takes its requests one by one: none that is not needed.
                reading = entry.ListensToOwn ? null : Client.GetDataAsync(entry.Path, entry.ListenToOwn(), cancellationToken);
            }
            await Task.WhenAll([syncing, listing, .. reading is null ? (ReadOnlySpan<Task>)[] : [reading]]).ConfigureAwait(false);
            (await syncing.ConfigureAwait(false)).Required();
            ConfirmProven();
            var children = await listing.ConfigureAwait(false);
            if (entry.WasDeleted || children.Code == ErrorCode.NoNode || (reading is not null && !IsOwn(entry, await reading.ConfigureAwait(false))))
            {
                entry.IsGone();
                return QueuePlace.Gone;
            }
            if (Place(entry, children.Required(), out var before) is not QueuePlace.Behind and var place)
                return place;
            var predecessor = entry.CreateWatch();
            var next = await Client.GetDataAsync($"{entry.Parent}/{before}", predecessor, cancellationToken).ConfigureAwait(false);
            if (next.Code == ErrorCode.NoNode)
                continue;
            var stat = next.Required().Stat;
            if (stat.EphemeralOwner == 0 && _nodes.LearnPersistent(stat.Czxid))
                _warn($"the node {entry.Parent}/{before} stands in election {entry.Election} and is not ephemeral; nobody behind it is elected until somebody deletes it");
            entry.ListenTo(predecessor);
            return QueuePlace.Behind;
        }
    }

    protected internal override async ValueTask LeaveAsync(QueueEntry queueEntry, CancellationToken cancellationToken)
    {
        var entry = (ZooKeeperEntry)queueEntry;
        if (entry.Name is null && !(entry.WasTried && await FindAsync(entry, cancellationToken).ConfigureAwait(false)))
            return;
        var reply = await Client.DeleteAsync(entry.Path, cancellationToken).ConfigureAwait(false);
        if (reply.Code != ErrorCode.NoNode)
            reply.Required();
    }

    protected internal override async ValueTask<bool> RenewAsync(CancellationToken cancellationToken)
    {
        if (MayLead())
        {
            (await Client.SyncAsync(_nodes.Root, cancellationToken).ConfigureAwait(false)).Required();
            ConfirmProven();
            return true;
        }
        (await Client.PingAsync(cancellationToken).ConfigureAwait(false)).Required();
        lock (_lock)
        {
            // A claim that has begun meanwhile decides by what is proven alone.
            if (!MayLead_NeedsLock())
                Confirm(Client.Evidence.Provable);
        }
        return true;
    }

    protected internal override async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (WasOutlived())
                await Client.DisposeAsync().ConfigureAwait(false);
            else
                await Client.CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ElectionStoreException e) when (!e.IsTransient)
        {
            // Refused: the servers end it by themselves.
            await Client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Whether a later session has been served for so long that the servers must have ended this one. Those that have
    /// lost their data never say so: they hang up on every client that has seen more than they have.
    /// </summary>
    private bool WasOutlived()
    {
        for (var later = Successor; later is not null; later = later.Successor)
        {
            if (later.Client.IsConnected && _time.GetElapsedTime(later._openedAt) > Client.SessionTimeout * 2)
                return true;
        }
        return false;
    }

    /// <summary>Whether the node is there, and still the one that was created.</summary>
    private bool IsOwn(ZooKeeperEntry entry, Reply<Node> node) =>
        node.Code != ErrorCode.NoNode && node.Required().Stat is var stat && stat.EphemeralOwner == Client.SessionId && stat.Czxid == entry.FencingToken;

    /// <param name="before">Whom it waits for.</param>
    private QueuePlace Place(ZooKeeperEntry entry, string[] children, out string? before)
    {
        var queue = _nodes.Naming.Queue(children);
        var at = Array.IndexOf(queue, entry.Name);
        before = at > 0 ? queue[at - 1] : null;
        return at switch
        {
            < 0 => QueuePlace.Gone,
            0 => QueuePlace.First,
            _ => QueuePlace.Behind,
        };
    }

    private Task EnsureParentAsync(string parent, bool hasRoot, CancellationToken cancellationToken) =>
        Client.EnsurePathAsync(parent, _nodes.Acl, _nodes.Naming.ParentMode, cancellationToken, hasRoot);

    private void Joined(ZooKeeperEntry entry, string path, Stat stat)
    {
        _nodes.Add(stat.Czxid, entry);
        entry.Joined(path[(entry.Parent.Length + 1)..], stat.Czxid, () => _nodes.Remove(stat.Czxid));
    }

    /// <summary>Looks for a node whose creation was not answered.</summary>
    private async Task<bool> FindAsync(ZooKeeperEntry entry, CancellationToken cancellationToken)
    {
        // What was under way at another server is done with before a sync is answered.
        var syncing = Client.SyncAsync(entry.Parent, cancellationToken);
        var listing = Client.GetChildrenAsync(entry.Parent, null, cancellationToken);
        await Task.WhenAll(syncing, listing).ConfigureAwait(false);
        (await syncing.ConfigureAwait(false)).Required();
        var children = await listing.ConfigureAwait(false);
        if (children.Code == ErrorCode.NoNode)
            return false;
        var data = _nodes.Naming.Data(entry.CandidateId, entry.Id);
        var nodes = await Task.WhenAll(children.Required()
            .Where(c => c.StartsWith(_nodes.Naming.Prefix(entry.Id), StringComparison.Ordinal))
            .Select(async c => (Path: $"{entry.Parent}/{c}", Node: await Client.GetDataAsync($"{entry.Parent}/{c}", null, cancellationToken).ConfigureAwait(false))))
            .ConfigureAwait(false);
        foreach (var (path, node) in nodes)
        {
            if (!node.IsOk || node.Value!.Stat.EphemeralOwner != Client.SessionId || !node.Value.Data.AsSpan().SequenceEqual(data))
                continue;
            Joined(entry, path, node.Value.Stat);
            return true;
        }
        return false;
    }

    /// <summary>Sets the watch on a node that is known to be there; nobody need wait for that.</summary>
    private async Task ListenToOwnAsync(ZooKeeperEntry entry)
    {
        try
        {
            if ((await Client.ExistsAsync(entry.Path, entry.ListenToOwn()).ConfigureAwait(false)).IsOk)
                return;
        }
        catch (ElectionStoreException)
        {
        }
        entry.Changed();
    }

    /// <summary>From now on only what is proven counts: an entry may be found to lead.</summary>
    private void ClaimBegins()
    {
        lock (_lock) _claimedAt = _time.GetTimestamp();
    }

    private bool MayLead()
    {
        lock (_lock) return MayLead_NeedsLock();
    }

    /// <summary>Whether it leads, or has looked lately whether it does.</summary>
    private bool MayLead_NeedsLock() => IsLeading || (_claimedAt is { } at && _time.GetElapsedTime(at) < Clock.Duration);

    private void ConfirmProven() => Confirm(Client.Evidence.Proven);

    private void Confirm(long? sent)
    {
        if (sent is { } moment)
            Clock.Confirm(moment);
    }
}
