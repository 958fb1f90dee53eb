namespace LeaderElection.Tests.Conformance;

public sealed class RedisConformance : ElectionConformance
{
    protected override async Task<Store> StartStoreAsync() => await RedisStore.StartNewAsync();
}
