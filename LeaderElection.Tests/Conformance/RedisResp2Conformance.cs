namespace LeaderElection.Tests.Conformance;

/// <summary>RESP2, with a connection of its own for the news.</summary>
public sealed class RedisResp2Conformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await RedisStore.StartNewAsync(",protocol=resp2");
}
