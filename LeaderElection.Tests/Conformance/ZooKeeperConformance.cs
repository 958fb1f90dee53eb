namespace LeaderElection.Tests.Conformance;

public sealed class ZooKeeperConformance : ElectionConformance
{
    protected override async Task<Store> StartStoreAsync() => await ZooKeeperStore.StartNewAsync();
}
