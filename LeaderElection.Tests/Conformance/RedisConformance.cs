namespace LeaderElection.Tests.Conformance;

public sealed class RedisConformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await RedisStore.StartNewAsync();
}
