namespace Aspire.Hosting.Testing;

internal sealed class EntryPointBuilder(EntryPointRun run, DistributedApplicationBuilder inner) : DelegatingBuilder(inner)
{
    public override async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default)
    {
        var host = new EntryPointHost(run, await run.BuildAsync(cancellationToken));
        return new EntryPointApplication(host);
    }

    public override ValueTask DisposeAsync() => run.DisposeAsync();
}
