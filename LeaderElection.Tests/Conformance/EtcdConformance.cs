namespace LeaderElection.Tests.Conformance;

public sealed class EtcdConformance : ElectionConformance
{
    protected override async Task<Store> StartStoreAsync() => await EtcdStore.StartNewAsync();
}
