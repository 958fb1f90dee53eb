using System.Threading.Channels;

namespace LeaderElection.Board.Elections;

/// <summary>One stream's changes since it last asked, each named once however often it happened. For one reader.</summary>
internal sealed class ChangeSubscription(ChangeFeed feed) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private HashSet<string> _ledgers = new(StringComparer.Ordinal);
    private bool _elections;
    private Task<bool>? _pending;

    public void AddElections()
    {
        lock (_lock)
            _elections = true;
        _signal.Writer.TryWrite(true);
    }

    public void AddLedger(string election)
    {
        lock (_lock)
            _ledgers.Add(election);
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Waits for changes.</summary>
    /// <returns>Whether the elections have, and which ledgers; neither if the time ran out first.</returns>
    public async Task<(bool Elections, IReadOnlyCollection<string> Ledgers)> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        // Kept over a timeout: a second wait beside the first would lose the signal to it.
        _pending ??= _signal.Reader.WaitToReadAsync(cancellationToken).AsTask();
        try
        {
            await _pending.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return (false, []);
        }
        _pending = null;
        _signal.Reader.TryRead(out _);
        lock (_lock)
        {
            var changes = (_elections, _ledgers);
            (_elections, _ledgers) = (false, new(StringComparer.Ordinal));
            return changes;
        }
    }

    public void Dispose() => feed.Remove(this);
}
