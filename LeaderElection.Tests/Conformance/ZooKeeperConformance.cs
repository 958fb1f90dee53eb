namespace LeaderElection.Tests.Conformance;

public sealed class ZooKeeperConformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await ZooKeeperStore.StartNewAsync();
}
