namespace LeaderElection.Tests.Conformance;

public sealed class PostgreSqlConformance : EntryConformance
{
    protected override async Task<Store> StartStoreAsync() => await PostgreSqlStore.StartNewAsync();
}
