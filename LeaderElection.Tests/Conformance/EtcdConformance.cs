namespace LeaderElection.Tests.Conformance;

public sealed class EtcdConformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await EtcdStore.StartNewAsync();
}
