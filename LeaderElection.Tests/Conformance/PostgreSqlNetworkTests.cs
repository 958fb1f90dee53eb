namespace LeaderElection.Tests.Conformance;

public sealed class PostgreSqlNetworkTests : NetworkConformance
{
    protected override async Task<INetworkStore> StartStoreAsync() => await PostgreSqlStore.StartNewAsync();
}
