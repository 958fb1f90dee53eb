using LeaderElection.Leases;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Conformance;

/// <summary>A real store for the conformance suite.</summary>
public abstract class Store : IAsyncDisposable
{
    /// <summary>Short, so that a test need not wait long for one to run out.</summary>
    public virtual TimeSpan Lease => TimeSpan.FromSeconds(1);

    /// <summary>How many backends may campaign at a time.</summary>
    public virtual int MostBackends => 6;

    /// <summary>What the backends logged.</summary>
    public LineLogger Log { get; } = new();

    /// <summary>A backend, as another process would have it.</summary>
    public IElectionBackend CreateBackend(
        Func<CancellationToken, ValueTask>? beforeRequest = null, TimeSpan? lease = null, long minimumToken = 0) =>
        Create(options =>
        {
            options.MinimumFencingToken = minimumToken;
            options.LeaseDuration = lease ?? Lease;
            options.BeforeRequest = beforeRequest;
        });

    /// <summary>Takes the store away.</summary>
    public abstract Task StopAsync();

    /// <summary>Brings it back, with all its data.</summary>
    public abstract Task StartAsync();

    public abstract ValueTask DisposeAsync();

    protected abstract IElectionBackend Create(Action<LeaseOptions> configure);
}
