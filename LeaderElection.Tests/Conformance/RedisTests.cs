using LeaderElection.Redis;

namespace LeaderElection.Tests.Conformance;

/// <summary>What the tests of Redis share: a server, and backends that stand for processes.</summary>
public abstract class RedisTests : IAsyncLifetime
{
    /// <summary>A lease that no test sees the end of.</summary>
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

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

    /// <summary>The server as a backend sees it, connected.</summary>
    private protected async Task<RedisNode> NodeAsync(TimeSpan? lease = null)
    {
        var node = new RedisNode(
            Store.Server.Endpoint, "{leader-election}", lease ?? Long, isOneOfSeveral: false, new RedisEvents(_ => { }, () => { }, _ => { }), TimeProvider.System);
        await node.PingAsync(Late);
        return node;
    }
}
