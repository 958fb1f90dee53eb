namespace LeaderElection;

/// <summary>
/// A connection to a coordination system (a Redis server, a shared folder, …), shared by every election of the process.
/// </summary>
/// <remarks>
/// What it costs the store while nothing changes grows with the number of processes, not of elections: a process may
/// hold thousands of elections on one backend. Instances are thread-safe.
/// </remarks>
public interface IElectionBackend : IAsyncDisposable
{
    /// <summary>The name of the strategy, in lower case: <c>file</c>, <c>redis</c>, …</summary>
    string Strategy { get; }

    /// <summary>Takes a seat in an election. Nothing is sent to the store before the seat campaigns or observes.</summary>
    /// <param name="name">The election's name: 1 to 128 of <c>A-Z a-z 0-9 . _ -</c>.</param>
    /// <param name="candidateId">Who campaigns, in the same alphabet. Unique among the candidates of the election.</param>
    /// <exception cref="ArgumentException">A name is empty, too long, or has a character that is not allowed.</exception>
    IElection CreateElection(string name, string candidateId);

    /// <summary>Asks the store for a sign of life, for health checks.</summary>
    /// <exception cref="ElectionStoreException">The store does not answer, or refuses.</exception>
    ValueTask PingAsync(CancellationToken cancellationToken = default);
}
