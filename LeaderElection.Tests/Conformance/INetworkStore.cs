namespace LeaderElection.Tests.Conformance;

/// <summary>A store that is reached over a network, which may do anything to what is said.</summary>
public interface INetworkStore : IAsyncDisposable
{
    /// <summary>What the backends logged.</summary>
    LineLogger Log { get; }

    /// <summary>Whether a candidate has an entry while another leads.</summary>
    bool HasQueue => false;

    /// <summary>A network between a process and the store.</summary>
    StoreLine OpenLine();

    /// <summary>A process at the end of a network.</summary>
    IElectionBackend CreateBackend(StoreLine line, TimeSpan lease);

    /// <summary>How many candidates are entered in an election.</summary>
    Task<int> EntriesAsync(string election);

    /// <summary>Has what the store tells without being asked tell nothing.</summary>
    /// <returns>Whether there was any of it.</returns>
    bool LoseNews(Span<byte> answers);
}
