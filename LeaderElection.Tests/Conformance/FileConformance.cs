namespace LeaderElection.Tests.Conformance;

public sealed class FileConformance : EntryConformance
{
    protected override Task<Store> StartStoreAsync() => Task.FromResult<Store>(new FileStore());
}
