namespace LeaderElection.Tests.Conformance;

public sealed class RaftConformance : ElectionConformance
{
    protected override async Task<Store> StartStoreAsync() => await RaftStore.StartNewAsync();
}
