using LeaderElection.Leases;
using LeaderElection.Tests.Engine;
using LeaderElection.Tests.History;
using LeaderElection.Tests.Load;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Races;

/// <summary>Interleavings on one strategy: the engine's two kinds in memory and by virtual time, or real connections to a real store.</summary>
/// <param name="strategy">Which.</param>
/// <param name="store">The store; <see langword="null"/> for the engine's kinds.</param>
internal sealed class RaceRun(string strategy, LoadStore? store) : IAsyncDisposable
{
    /// <summary>The engine alone: stores whose leaders hold a lease, and those whose candidates queue.</summary>
    public static IReadOnlyList<string> Engines { get; } = ["leases", "sessions"];

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly DroppingProxy? _proxy = store is { Strategy: "zookeeper" } ? new DroppingProxy(int.Parse(store.Endpoint.Split(':')[^1])) : null;

    public string Strategy => strategy;

    public static async Task<RaceRun> StartAsync(string strategy) =>
        new(strategy, Engines.Contains(strategy) ? null : await LoadStore.StartAsync(strategy, 3, TimeSpan.FromMinutes(1)));

    /// <summary>Runs one; everything in it is decided by the seed.</summary>
    public RaceResult Run(int seed)
    {
        var random = new Random(seed);
        var clock = store is null ? new VirtualTime() : null;
        // Some are in a hurry: leases run out in the middle. Some lose replies. Some are interrupted anywhere.
        var haste = clock is not null && random.Next(3) == 0 ? 0.02 : 0;
        var losses = clock is not null && random.Next(3) == 0 ? 0.1 : 0;
        var interruption = random.Next(2) == 0 ? 0.02 : 0;
        var scheduler = new StepScheduler(random.Next(), clock, haste, interruption);
        TimeProvider time = clock is null && interruption == 0 ? TimeProvider.System : new SteppedTime(clock ?? TimeProvider.System, scheduler);
        var backends = new List<WeakReference>();
        var create = Creator(time, () => random.NextDouble() < losses, out var leader);
        var life = new RaceLife(Created, time, random, terms: store is null ? 3 : 2);
        var at = random.Next(1, store is null ? 400 : 600);
        List<(int, Func<Task>)> intruders = [(at, life.IntrudeAsync)];
        if (_proxy is not null && random.Next(2) == 0)
            intruders.Add((random.Next(1, at + 50), CutAsync));
        var wrong = scheduler.Run(life.LiveAsync, intruders);
        wrong ??= life.Wrong.FirstOrDefault();
        if (wrong is null && clock?.Timers is [_, ..] timers)
            wrong = $"timers were left: {string.Join(", ", timers)}";
        if (wrong is null && clock is not null && haste == 0 && losses == 0 && life.Disposal > TimeSpan.Zero)
            wrong = $"a disposal waited for {life.Disposal.TotalSeconds} s though the store answered at once";
        if (wrong is null && losses == 0)
            wrong = new[] { "one", "two", "service" }.Select(e => leader(e) is { } left ? $"'{e}' is still held by {left}; the longest disposal took {life.Disposal.TotalSeconds:0.0} s" : null).FirstOrDefault(e => e is not null);
        return new RaceResult(life.Target, scheduler.Steps, at, scheduler.Trace, wrong, backends);

        IElectionBackend Created(string name)
        {
            var backend = create(name);
            lock (backends) backends.Add(new WeakReference(backend));
            return backend;
        }

        Task CutAsync()
        {
            _proxy!.Cut();
            return Task.CompletedTask;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        if (store is not null)
            await store.DisposeAsync();
    }

    /// <summary>Makes the backends of an interleaving; and for the engine's kinds a look at who leads.</summary>
    private Func<string, IElectionBackend> Creator(TimeProvider time, Func<bool> isLost, out Func<string, string?> leader)
    {
        // Renewed all the time, so that much is under way.
        var options = new LeaseOptions { LeaseDuration = TimeSpan.FromSeconds(10), RenewInterval = Moment };
        switch (strategy)
        {
            case "leases":
                var leases = new MemoryStore(time);
                leader = election => leases.Read(election)?.Leader.CandidateId;
                return _ => new MemoryBackend(leases, options, time: time) { Executed = Executed };
            case "sessions":
                var queue = new MemoryQueue(time);
                leader = election => queue.Leader(election)?.CandidateId;
                return _ => new MemoryQueueBackend(queue, options, time) { Executed = Executed };
            default:
                leader = Leader;
                return name => CandidateBackend.Create(store!.Strategy, _proxy?.Endpoint ?? store.Endpoint, name, TimeSpan.FromMinutes(1), time, configure: each => each.RenewInterval = 20 * Moment);
        }

        void Executed(string kind)
        {
            if (isLost())
                throw new ElectionStoreException("cut off by the run", isTransient: true);
        }

        string? Leader(string election) => LeaderAsync(election).GetAwaiter().GetResult();
    }

    private async Task<string?> LeaderAsync(string election)
    {
        await using var backend = CandidateBackend.Create(store!.Strategy, store.Endpoint, "m2", TimeSpan.FromMinutes(1));
        await using var seen = backend.CreateElection(election, "m2").ObserveAsync().GetAsyncEnumerator();
        return await seen.MoveNextAsync() ? seen.Current?.CandidateId : null;
    }
}
