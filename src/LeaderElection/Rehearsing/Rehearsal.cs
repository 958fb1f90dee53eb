using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using LeaderElection.Hosting;
using LeaderElection.Leases;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Rehearsing;

/// <summary>
/// A follower may wait for days, and then takes over once, by code that has never run: compiling it takes longer than all the
/// rest. So once per process, when its start is over, leaders hand over to each other a few times on a store in memory.
/// </summary>
/// <remarks>
/// Nothing is sent to the real store, so no right is needed there and nothing is left; it is no election for logs, traces,
/// metrics or the health check. What speaks to the store has run by then, for a follower has claimed and listens; and what is
/// compiled ahead of time needs none of this.
/// </remarks>
internal static class Rehearsal
{
    /// <summary>Instead of a strategy's name.</summary>
    public const string Strategy = "rehearsal";

    private const int Rounds = 4;

    /// <summary>A start is over by then, on a machine on which all replicas start at once as well; and they do not rehearse at once.</summary>
    private static readonly TimeSpan Earliest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(8);

    /// <summary>Long enough for a renewal, and for a follower to wait.</summary>
    private static readonly TimeSpan Term = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<Type, bool> Done = new();

    /// <summary>The times of a store in memory: it renews within a <see cref="Term"/>.</summary>
    public static LeaseOptions Options => new() { LeaseDuration = 2 * Limit, RenewInterval = Term / 2 };

    /// <summary>Whether a strategy is to be seen in telemetry.</summary>
    public static bool Is(string strategy) => strategy == Strategy;

    /// <summary>Rehearses what a backend is built on, once per process, in a while.</summary>
    /// <param name="backend">The backend that was used first.</param>
    /// <param name="createStage">Two processes' shares in a store in memory.</param>
    public static void Later(StoreBackend backend, Func<(StoreBackend First, StoreBackend Second)> createStage)
    {
        if (!backend.Options.Rehearse || !RuntimeFeature.IsDynamicCodeCompiled || !SystemTime.Is(backend.Time))
            return;
        backend.InBackground(
            async () =>
            {
                await backend.DelayAsync(Earliest + (Spread * Random.Shared.NextDouble())).ConfigureAwait(false);
                if (backend.IsDisposed)
                    return;
                var (first, second) = createStage();
                if (!Done.TryAdd(first.GetType(), true))
                    return;
                try
                {
                    await RunAsync(first, second).ConfigureAwait(false);
                }
                catch (Exception)
                {
                    // Then the first take-over is slower.
                }
            },
            isAwaited: false);
    }

    /// <summary>Two leader services hand over to each other.</summary>
    /// <param name="firstBackend">Disposed of at the end.</param>
    /// <param name="secondBackend">Disposed of at the end.</param>
    /// <param name="eachTerm">For tests: called while one leads and the other waits.</param>
    public static async Task RunAsync(StoreBackend firstBackend, StoreBackend secondBackend, Action? eachTerm = null)
    {
        await using var firstEnd = firstBackend.ConfigureAwait(false);
        await using var secondEnd = secondBackend.ConfigureAwait(false);
        var (first, second) = (new Part(), new Part());
        using var firstHost = Host(first, firstBackend, "first");
        using var secondHost = Host(second, secondBackend, "second");
        try
        {
            await firstHost.StartAsync(CancellationToken.None).ConfigureAwait(false);
            await first.LeadsAsync(Limit).ConfigureAwait(false);
            await secondHost.StartAsync(CancellationToken.None).ConfigureAwait(false);
            for (var round = 0; round < Rounds; round++)
            {
                var (leader, next) = round % 2 == 0 ? (first, second) : (second, first);
                await Task.Delay(Term, firstBackend.Time).ConfigureAwait(false);
                eachTerm?.Invoke();
                leader.Resign();
                await next.LeadsAsync(Limit).ConfigureAwait(false);
            }
        }
        finally
        {
            await firstHost.StopAsync(CancellationToken.None).ConfigureAwait(false);
            await secondHost.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static LeaderServiceHost Host(Part part, StoreBackend backend, string candidate) => new(
        part, backend, Strategy, new LeaderServiceOptions { CandidateId = candidate, Rest = TimeSpan.FromMilliseconds(1) },
        new CandidateRegistry(), backend.Time, NullLogger.Instance);

    /// <summary>Leads until it is told to resign.</summary>
    private sealed class Part : LeaderService
    {
        private readonly SemaphoreSlim _leads = new(0);
        private readonly SemaphoreSlim _resigns = new(0);

        public async Task LeadsAsync(TimeSpan limit)
        {
            if (!await _leads.WaitAsync(limit).ConfigureAwait(false))
                throw new TimeoutException();
        }

        public void Resign() => _resigns.Release();

        protected internal override async Task LeadAsync(Leadership leadership, CancellationToken lost)
        {
            var ended = lost.Register(static () => { });
            await using var callback = ended.ConfigureAwait(false);
            if (leadership.IsValid)
                _leads.Release();
            await _resigns.WaitAsync(lost).ConfigureAwait(false);
        }
    }
}
