namespace LeaderElection.Tests.Conformance;

public sealed class ZooKeeperNetworkTests : NetworkConformance
{
    protected override async Task<INetworkStore> StartStoreAsync() => await ZooKeeperStore.StartNewAsync();
}
