using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Raft;

/// <summary>
/// Leader election among the members of a fixed cluster, by their votes; there is no server. One member per process: it
/// votes in every election, and leads for the candidates of this process.
/// </summary>
/// <remarks>
/// <para>A member can be started once at a time: its folder is locked. The fencing token is Raft's term, of each
/// election by itself.</para>
/// <para>Sources: D. Ongaro and J. Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC 2014),
/// section 5.2; D. Ongaro, "Consensus: Bridging Theory and Practice" (2014), sections 3.10, 4.2.3, 6.4.1 and 9.6.</para>
/// </remarks>
public sealed class RaftElectionBackend : StoreBackend
{
    private static readonly TimeSpan LongestPing = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly RaftElectionOptions _options;
    private readonly RaftAddress _address;
    private Task<RaftNode>? _starting;

    /// <summary>Creates the member; it joins its cluster when it is first needed, or by <see cref="StartAsync"/>.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public RaftElectionBackend(RaftElectionOptions options, ILogger<RaftElectionBackend>? logger = null, TimeProvider? time = null)
        : base("raft", options, time, logger ?? NullLogger<RaftElectionBackend>.Instance)
    {
        _options = options;
        RaftAddress.TryParse(options.ConnectionString!, out _address);
    }

    internal string Directory => Path.GetFullPath(_options.EffectiveDirectory);

    internal override int FollowerCount => Node?.FollowerCount ?? 0;

    private RaftNode? Node
    {
        get { lock (_lock) return _starting is { IsCompletedSuccessfully: true, Result: var node } ? node : null; }
    }

    /// <summary>Joins the cluster: from then on this member votes, whether or not it has a candidate.</summary>
    /// <exception cref="ElectionStoreException">Its state cannot be trusted, or its address cannot be listened at.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken = default) =>
        await NodeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public override IElection CreateElection(string name, string candidateId)
    {
        ThrowIfDisposed();
        return new RaftElection(this, name, candidateId);
    }

    /// <summary>Resigns in favour of a member.</summary>
    /// <param name="leadership">A leadership of this backend.</param>
    /// <param name="member">The member that is to lead next; it must have a candidate in the election.</param>
    /// <param name="cancellationToken">Stops the waiting, not the resignation.</param>
    /// <exception cref="InvalidOperationException">It cannot be handed to that member; the message says why. Nothing has changed.</exception>
    public async ValueTask TransferAsync(Leadership leadership, string member, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        ArgumentException.ThrowIfNullOrEmpty(member);
        var node = Node ?? throw new InvalidOperationException("this member leads nothing, it has not been started");
        if (node.SetTarget(leadership, member) is { } reason)
            throw new InvalidOperationException(reason);
        await leadership.ResignAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How this member stands, as of now.</summary>
    public RaftStatus GetStatus() => Node?.GetStatus() ?? new RaftStatus(
        _options.Member, 0, [.. _address.Members.Where(m => m.Id != _options.Member).Select(m => new RaftPeerStatus(m.Id, m.Text, false, null, 0, 0, 0))]);

    /// <summary>How this member stands in one election; <see langword="null"/> when it has not heard of it.</summary>
    public RaftElectionStatus? GetStatus(string election) => Node?.GetStatus(election);

    internal Task<RaftNode> NodeAsync()
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            if (_starting is null or { IsFaulted: true })
                _starting = TrackAsync(Task.Run(() => RaftNode.StartAsync(this, _options, _address)));
            return _starting;
        }
    }

    internal void Warn(string message) => StoreWarning(message);

    /// <summary>Tells the others that a leadership has ended.</summary>
    internal async ValueTask ReleaseAsync(string election, long term)
    {
        if (Node is not { } node)
            return;
        await node.ResignAsync(election, term).ConfigureAwait(false);
        try
        {
            await node.FlushedAsync().WaitAsync(Options.LeaseDuration, Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ElectionStoreException($"the other members could not be told that '{election}' was given back; they find out by themselves", isTransient: true);
        }
    }

    /// <summary>Resigns in favour of a member that is preferred, if that still can take over.</summary>
    internal void HandOver(Leadership leadership, string member) => InBackground(async () =>
    {
        if (Node?.SetTarget(leadership, member) is null)
            await leadership.ResignAsync().ConfigureAwait(false);
    });

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken)
    {
        var node = await NodeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await node.PingAsync(Options.LeaseDuration < LongestPing ? Options.LeaseDuration : LongestPing, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        if (_starting is null)
            return;
        try
        {
            var node = await _starting.ConfigureAwait(false);
            await node.DisposeAsync().ConfigureAwait(false);
        }
        catch (ElectionStoreException)
        {
            // It never ran.
        }
    }

    private protected override void WakeAll() => Node?.EndCampaigns(() => new ObjectDisposedException(nameof(RaftElectionBackend)));

    private protected override Task ResignAllAsync() => Leadership.ResignAllAsync(Node?.Leaderships() ?? []);

    private protected override ValueTask EndAsync()
    {
        // A campaign that had not joined when all were woken.
        WakeAll();
        return default;
    }
}
