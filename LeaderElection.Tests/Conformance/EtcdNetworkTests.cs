namespace LeaderElection.Tests.Conformance;

public sealed class EtcdNetworkTests : NetworkConformance
{
    protected override async Task<INetworkStore> StartStoreAsync() => await EtcdStore.StartNewAsync();
}
