using LeaderElection.Redis;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of Redis share: a server, and backends that stand for processes.</summary>
public abstract class RedisTests : IAsyncLifetime
{
    private readonly List<IElectionBackend> _backends = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private protected RedisStore Store { get; private set; } = null!;

    protected CancellationToken Late => _late.Token;

    public async Task InitializeAsync() => Store = await RedisStore.StartNewAsync();

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await Store.DisposeAsync();
        _late.Dispose();
    }

    protected RedisElectionBackend Backend(TimeSpan? lease = null, Func<CancellationToken, ValueTask>? beforeRequest = null)
    {
        var backend = (RedisElectionBackend)Store.CreateBackend(beforeRequest, lease);
        _backends.Add(backend);
        return backend;
    }
}
