using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace LeaderElection.Board.Elections;

/// <summary>One follower's changes since it last asked. For one reader.</summary>
internal sealed class ChangeSubscription(ChangeFeed feed) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile FrozenSet<ElectionKey> _watched = [];
    private Changes _changes = new();
    private Task<bool>? _pending;

    public string Id { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Whether this election's lease and members are followed as well, which move all the time.</summary>
    public bool IsWatched(ElectionKey election) => _watched.Contains(election);

    public bool WatchesLedgerOf(string name) => _watched.Any(election => election.Name == name);

    public void Watch(IEnumerable<ElectionKey> elections)
    {
        _watched = elections.ToFrozenSet();
        // How they stand now, without waiting for the next report.
        Add(changes => changes.Pulses.UnionWith(_watched));
    }

    public void AddPulse(ElectionKey election)
    {
        if (IsWatched(election))
            Add(changes => changes.Pulses.Add(election));
    }

    public void Add(Action<Changes> add)
    {
        lock (_lock)
            add(_changes);
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Waits for changes.</summary>
    /// <returns>What has changed; nothing if the time ran out first.</returns>
    public async Task<Changes> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        // Kept over a timeout: a second wait beside the first would lose the signal to it.
        _pending ??= _signal.Reader.WaitToReadAsync(cancellationToken).AsTask();
        try
        {
            await _pending.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new Changes();
        }
        _pending = null;
        _signal.Reader.TryRead(out _);
        lock (_lock)
        {
            var changes = _changes;
            _changes = new Changes();
            return changes;
        }
    }

    public void Dispose() => feed.Remove(this);
}
