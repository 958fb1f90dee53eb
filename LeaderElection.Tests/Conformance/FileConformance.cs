namespace LeaderElection.Tests.Conformance;

public sealed class FileConformance : ElectionConformance
{
    protected override Task<Store> StartStoreAsync() => Task.FromResult<Store>(new FileStore());
}
