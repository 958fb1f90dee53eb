namespace LeaderElection.Tests.Conformance;

/// <summary>As the client speaks by itself: RESP3, with the news on the connection of the requests.</summary>
public sealed class RedisConformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await RedisStore.StartNewAsync();
}
