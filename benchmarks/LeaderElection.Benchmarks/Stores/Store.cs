using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Stores;

/// <summary>A strategy's store, running for a measurement, and gone afterwards.</summary>
/// <param name="servers">What was started for it; null where nothing was.</param>
internal abstract class Store(string strategy, IAsyncDisposable? servers = null) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _places;

    public string Strategy { get; } = strategy;

    /// <summary>Server, version and the settings that matter, in a line.</summary>
    public string Description { get; protected set; } = "";

    /// <summary>For the files of candidates.</summary>
    public string Folder => _folder.Path;

    /// <summary>Where candidates find it.</summary>
    public abstract string Endpoints { get; }

    /// <summary>Whether a crashed leader is missed only when its lease is over, seconds later.</summary>
    public virtual bool WaitsOutLease => true;

    /// <summary>Seats for the candidates of one election.</summary>
    public virtual IReadOnlyList<Seat> Seats(string election, int count, TimeSpan lease) =>
        [.. Enumerable.Range(1, count).Select(_ => Another(new Seat(Endpoints, election, "", lease, Folder)))];

    /// <summary>The seat of the process that takes the place of one that died.</summary>
    public virtual Seat Another(Seat dead) => dead with { Id = $"c{Interlocked.Increment(ref _places)}" };

    /// <summary>How many requests clients have sent to it so far; null where that is not counted.</summary>
    public virtual Task<double?> RequestsAsync() => Task.FromResult<double?>(null);

    public virtual async ValueTask DisposeAsync()
    {
        if (servers is not null)
            await servers.DisposeAsync();
        _folder.Dispose();
    }
}
