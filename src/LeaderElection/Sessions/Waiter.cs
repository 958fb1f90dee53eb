using LeaderElection.Leases;

namespace LeaderElection.Sessions;

/// <summary>One who waits for news of an election: a candidate in the queue, or an observer. For authors of election strategies.</summary>
/// <param name="election">The election.</param>
public class Waiter(string election) : IDisposable
{
    private readonly Lock _lock = new();
    private IDisposable? _subscription;
    private bool _disposed;

    /// <summary>The election.</summary>
    public string Election { get; } = election;

    /// <summary>What it listens to; <see langword="null"/> when that is nothing.</summary>
    public IDisposable? Subscription
    {
        get { lock (_lock) return _subscription; }
    }

    internal AsyncSignal Signal { get; } = new();

    /// <summary>News, or the loss of some: it looks again.</summary>
    public void Changed() => Signal.Set();

    /// <summary>Replaces what it listens to; what it listened to before is disposed.</summary>
    public void ListenTo(IDisposable? subscription)
    {
        var over = subscription;
        lock (_lock)
        {
            if (!_disposed)
                (over, _subscription) = (_subscription, subscription);
        }
        over?.Dispose();
    }

    /// <summary>It waits no more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what it listens to, and what a store added.</summary>
    protected virtual void Dispose(bool disposing)
    {
        IDisposable? over;
        lock (_lock)
        {
            _disposed = true;
            (over, _subscription) = (_subscription, null);
        }
        over?.Dispose();
    }
}
