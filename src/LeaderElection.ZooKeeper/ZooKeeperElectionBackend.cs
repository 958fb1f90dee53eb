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
    private readonly List<ZooKeeperClient> _clients = [];
    private readonly ZooKeeperClientOptions _clientOptions;
    private readonly TimeSpan _wanted;
    private readonly ElectionNodes _nodes;
    private ZooKeeperSession? _session;
    private CancellationTokenSource? _idle;
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
            var watch = new Watch(_ => observer.Changed(), minds: true);
            var children = await client.GetChildrenAsync(parent, isAlone ? watch : null, cancellationToken).ConfigureAwait(false);
            if (children.Code == ErrorCode.NoNode)
            {
                if ((await client.ExistsAsync(parent, watch, cancellationToken).ConfigureAwait(false)).Code != ErrorCode.NoNode)
                    continue;
                observer.ListenTo(watch);
                return null;
            }
            if (_nodes.Naming.Queue(children.Required()) is not [var first, ..])
            {
                if (isAlone)
                {
                    observer.ListenTo(watch);
                    return null;
                }
                isAlone = true;
                continue;
            }
            isAlone = false;
            var leader = await client.GetDataAsync($"{parent}/{first}", watch, cancellationToken).ConfigureAwait(false);
            if (leader.Code == ErrorCode.NoNode)
                continue;
            var (data, stat) = leader.Required();
            observer.ListenTo(watch);
            return new LeaderInfo(ElectionNames.Printable(_nodes.Naming.Candidate(data, first), ElectionNames.MaxLength), stat.Czxid, Time.GetUtcNow());
        }
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
        // A session that only observed is nobody's to renew any more.
        _idle?.Cancel();
        ZooKeeperClient[] clients;
        lock (_clients) clients = [.. _clients];
        using var late = new CancellationTokenSource(LongestClose, Time);
        await Task.WhenAll(clients.Select(async client =>
        {
            try
            {
                await client.CloseAsync(late.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ElectionStoreException or OperationCanceledException)
            {
                // The server ends it by itself.
                await client.DisposeAsync().ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        _idle?.Dispose();
    }

    /// <summary>The session of this process. Observers alone need one too; candidates that come later take it over.</summary>
    private async Task<ZooKeeperSession> SessionAsync(bool isForCandidates, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_session is not { Clock.IsValid: true } session || (isForCandidates && _idle is null))
            {
                _session = session = await OpenAsync(cancellationToken).ConfigureAwait(false);
                _idle = CancellationTokenSource.CreateLinkedTokenSource(session.Clock.Lost);
                if (!isForCandidates)
                    _ = KeepAsync(session, _idle.Token);
            }
            if (isForCandidates)
            {
                // From now on the engine renews it, and closes it in the end.
                _idle?.Cancel();
                _idle = null;
            }
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
        lock (_clients)
        {
            _clients.RemoveAll(c => c.IsOver);
            _clients.Add(client);
        }
        if (client.SessionTimeout != _wanted && !_wasWarned)
        {
            _wasWarned = true;
            StoreWarning(FormattableString.Invariant(
                $"{client.Name} grants a session of {client.SessionTimeout.TotalSeconds:0.###} s instead of {_wanted.TotalSeconds:0.###} s; see minSessionTimeout and maxSessionTimeout"));
        }
        var clock = CreateClock(client.SessionTimeout);
        clock.Confirm(client.Evidence.Proven!.Value);
        return new ZooKeeperSession(client, _nodes, clock);
    }

    /// <summary>Renews a session on which no candidate sits.</summary>
    private async Task KeepAsync(ZooKeeperSession session, CancellationToken stop)
    {
        var renewals = new RenewalLoop(this, session.Clock, () => RequestAsync(session.RenewNowAsync, session.Clock.Remaining));
        await renewals.RunAsync(stop).ConfigureAwait(false);
        if (session.Clock.Lost.IsCancellationRequested)
            await session.Client.DisposeAsync().ConfigureAwait(false);
    }

    private ZooKeeperCondition? Find(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        return leadership.IsValid && _nodes.Find(leadership.FencingToken) is { } path ? new ZooKeeperCondition(path, Version: 0) : null;
    }
}
