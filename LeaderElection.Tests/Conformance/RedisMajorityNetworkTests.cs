namespace LeaderElection.Tests.Conformance;

public sealed class RedisMajorityNetworkTests : NetworkConformance
{
    protected override async Task<INetworkStore> StartStoreAsync() => await RedisMajorityStore.StartNewAsync();
}
