using LeaderElection.Leases;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Conformance;

/// <summary>A real store for the conformance suite.</summary>
public abstract class Store : IAsyncDisposable
{
    /// <summary>Short, so that a test need not wait long for one to run out.</summary>
    public virtual TimeSpan Lease => TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether nobody is elected beside a leader whose entry was deleted by hand. In a queue the next one is first at
    /// once: both hear of the deletion at the same time, and fencing has to stop what the old leader still does.
    /// </summary>
    public virtual bool WaitsOutDeletedEntries => true;

    /// <summary>What the backends logged.</summary>
    public LineLogger Log { get; } = new();

    /// <summary>A backend, as another process would have it.</summary>
    public IElectionBackend CreateBackend(Func<CancellationToken, ValueTask>? beforeRequest = null, TimeSpan? lease = null) =>
        Create(options =>
        {
            options.LeaseDuration = lease ?? Lease;
            options.BeforeRequest = beforeRequest;
        });

    /// <summary>Takes the store away.</summary>
    public abstract Task StopAsync();

    /// <summary>Brings it back, with all its data.</summary>
    public abstract Task StartAsync();

    /// <summary>Deletes the election's entry, as an operator might by mistake.</summary>
    public abstract Task DeleteEntryAsync(string election);

    public abstract ValueTask DisposeAsync();

    protected abstract IElectionBackend Create(Action<LeaseOptions> configure);
}
