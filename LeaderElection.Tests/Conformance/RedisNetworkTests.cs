namespace LeaderElection.Tests.Conformance;

public sealed class RedisNetworkTests : NetworkConformance
{
    protected override async Task<INetworkStore> StartStoreAsync() => await RedisStore.StartNewAsync();
}
