using LeaderElection.Leases;
using LeaderElection.Sessions;
using LeaderElection.ZooKeeper.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.ZooKeeper;

/// <summary>
/// Leader election on ZooKeeper (3.5 or later): an ephemeral sequential node for each candidate, the lowest leads,
/// and every other watches the one before it. One session and one connection for all elections of the process.
/// </summary>
/// <remarks>
/// Source: "ZooKeeper Recipes and Solutions", Leader Election (Apache ZooKeeper documentation). The fencing token is
/// the transaction that created the leader's node (<c>czxid</c>). How long a leader may believe is counted from what
/// the leader of the ensemble has confirmed, see docs/zookeeper.md.
/// </remarks>
public sealed class ZooKeeperElectionBackend : SessionBackend
{
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly List<ZooKeeperClient> _clients = [];
    private readonly ZooKeeperClientOptions _clientOptions;
    private readonly TimeSpan _wanted;
    private readonly ElectionNodes _nodes;
    private ZooKeeperSession? _session;
    private bool _wasWarned;

    /// <summary>Creates the backend; it connects when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public ZooKeeperElectionBackend(ZooKeeperElectionOptions options, ILogger<ZooKeeperElectionBackend>? logger = null, TimeProvider? time = null)
        : base("zookeeper", options, time, logger ?? NullLogger<ZooKeeperElectionBackend>.Instance)
    {
        _clientOptions = options.CreateClientOptions();
        _wanted = options.LeaseDuration;
        _nodes = new ElectionNodes(options);
    }

    /// <summary>How many sessions are held, or are still to be closed at the servers.</summary>
    internal int OpenSessions
    {
        get { lock (_clients) return _clients.Count(c => !c.IsOver); }
    }

    /// <summary>What ZooKeeper can check to see whether a leadership still stands: for a <c>multi</c> of any client.</summary>
    /// <param name="leadership">A leadership of this backend.</param>
    /// <exception cref="InvalidOperationException">It has ended, or is another backend's.</exception>
    public ZooKeeperCondition Guard(Leadership leadership) => Find(leadership)
        ?? throw new InvalidOperationException(
            $"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more (fencing token {leadership.FencingToken}).");

    /// <summary>Writes into a node of yours, in one transaction with the condition that the leadership holds.</summary>
    /// <returns>Whether it was written; <see langword="false"/> when the leadership is over: then nothing was.</returns>
    /// <param name="leadership">The leadership to write under.</param>
    /// <param name="path">The node, which must exist; below the folder of the connection string, if that has one.</param>
    /// <param name="data">What is written.</param>
    /// <param name="cancellationToken">Stops the waiting; the write may have been done.</param>
    /// <exception cref="ElectionStoreException">ZooKeeper failed or refused: the node does not exist, or may not be written. When it gave no answer it may have written.</exception>
    public async ValueTask<bool> SetDataAsync(Leadership leadership, string path, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Find(leadership) is not { } guard)
            return false;
        var session = await SessionAsync(isForCandidates: false, cancellationToken).ConfigureAwait(false);
        var reply = await session.Client.MultiAsync(
            [MultiOp.Check(guard.Path, guard.Version), MultiOp.SetData(path, data)], cancellationToken).ConfigureAwait(false);
        return reply.Required() switch
        {
            [ErrorCode.NoNode or ErrorCode.BadVersion, ..] => false,
            [_, not ErrorCode.Ok and var code] => throw ZooKeeperErrors.Explain(code, $"{session.Client.Name}, {path}"),
            _ => true,
        };
    }

    /// <inheritdoc/>
    protected override async ValueTask<Session> OpenSessionAsync(CancellationToken cancellationToken) =>
        await SessionAsync(isForCandidates: true, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected internal override async ValueTask<LeaderInfo?> ReadAsync(Waiter observer, CancellationToken cancellationToken)
    {
        var client = (await SessionAsync(isForCandidates: false, cancellationToken).ConfigureAwait(false)).Client;
        var parent = _nodes.Parent(observer.Election);
        var isAlone = false;
        while (true)
        {
            // Only while there is nobody does an observer wait for whoever comes; else for the leader's end.
            var arrival = isAlone ? NewWatch() : null;
            var children = await client.GetChildrenAsync(parent, arrival, cancellationToken).ConfigureAwait(false);
            if (children.Code == ErrorCode.NoNode)
            {
                var birth = NewWatch();
                if ((await client.ExistsAsync(parent, birth, cancellationToken).ConfigureAwait(false)).Code == ErrorCode.NoNode)
                {
                    observer.ListenTo(birth);
                    return null;
                }
                birth.Dispose();
                continue;
            }
            if (_nodes.Naming.Queue(children.Required()) is not [var first, ..])
            {
                if (arrival is not null)
                {
                    observer.ListenTo(arrival);
                    return null;
                }
                isAlone = true;
                continue;
            }
            arrival?.Dispose();
            isAlone = false;
            var end = NewWatch();
            var leader = await client.GetDataAsync($"{parent}/{first}", end, cancellationToken).ConfigureAwait(false);
            if (leader.Code == ErrorCode.NoNode)
                continue;
            var (data, stat) = leader.Required();
            observer.ListenTo(end);
            return new LeaderInfo(ElectionNames.Printable(_nodes.Naming.Candidate(data, first), ElectionNames.MaxLength), stat.Czxid, Time.GetUtcNow());
        }

        Watch NewWatch() => new(_ => observer.Changed(), minds: true);
    }

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken)
    {
        var session = await SessionAsync(isForCandidates: false, cancellationToken).ConfigureAwait(false);
        (await session.Client.PingAsync(cancellationToken).ConfigureAwait(false)).Required();
    }

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        ZooKeeperClient[] clients;
        lock (_clients)
        {
            // A session that only observers need is not renewed any more, and none is opened that nobody would close.
            _closing.Cancel();
            clients = [.. _clients];
        }
        await Task.WhenAll(clients.Select(CloseAsync)).ConfigureAwait(false);
    }

    private async Task CloseAsync(ZooKeeperClient client)
    {
        using var late = new CancellationTokenSource(LongestClose, Time);
        try
        {
            await client.CloseAsync(late.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ElectionStoreException or OperationCanceledException)
        {
            // The server ends it by itself.
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The session of this process. Observers alone need one too; candidates that come later take it over.</summary>
    private async Task<ZooKeeperSession> SessionAsync(bool isForCandidates, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The engine asks for another where what it has is no good any more, or where it needs a second.
            if (_session is not { Clock.IsValid: true } session || (isForCandidates && session.IsTaken))
            {
                session = await OpenAsync(cancellationToken).ConfigureAwait(false);
                if (_session is { } before)
                    before.Successor = session;
                _session = session;
                if (!isForCandidates)
                    _ = KeepAsync(session);
            }
            if (isForCandidates)
                session.Take();
            return session;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<ZooKeeperSession> OpenAsync(CancellationToken cancellationToken)
    {
        var client = new ZooKeeperClient(_clientOptions, Time);
        try
        {
            (await client.PingAsync(cancellationToken).ConfigureAwait(false)).Required();
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        bool isClosing;
        lock (_clients)
        {
            isClosing = _closing.IsCancellationRequested;
            _clients.RemoveAll(c => c.IsOver);
            if (!isClosing)
                _clients.Add(client);
        }
        if (isClosing)
        {
            await CloseAsync(client).ConfigureAwait(false);
            ThrowIfDisposed();
        }
        if (client.SessionTimeout != _wanted && !_wasWarned)
        {
            _wasWarned = true;
            StoreWarning(FormattableString.Invariant(
                $"{client.Name} grants a session of {client.SessionTimeout.TotalSeconds:0.###} s instead of {_wanted.TotalSeconds:0.###} s; see minSessionTimeout and maxSessionTimeout"));
        }
        var clock = CreateClock(client.SessionTimeout);
        clock.Confirm(client.Evidence.Proven!.Value);
        return new ZooKeeperSession(client, _nodes, clock, StoreWarning);
    }

    /// <summary>Renews a session for as long as no candidate sits on it.</summary>
    private async Task KeepAsync(ZooKeeperSession session)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Clock.Lost, session.Taken, _closing.Token);
        var renewals = new RenewalLoop(this, session.Clock, () => RequestAsync(session.RenewNowAsync, session.Clock.Remaining));
        await renewals.RunAsync(stop.Token).ConfigureAwait(false);
        if (!session.IsTaken && session.Clock.Lost.IsCancellationRequested)
            await session.Client.DisposeAsync().ConfigureAwait(false);
    }

    private ZooKeeperCondition? Find(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return leadership.IsValid && _nodes.Find(leadership.FencingToken) is { } path ? new ZooKeeperCondition(path, Version: 0) : null;
    }
}
