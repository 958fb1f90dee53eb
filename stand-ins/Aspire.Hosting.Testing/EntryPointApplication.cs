using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// What a test holds: the application that the entry point built, and that the entry point itself runs.
internal sealed class EntryPointApplication(EntryPointHost host) : DistributedApplication(host)
{
    public override Task RunAsync(CancellationToken cancellationToken = default) => host.RunAsync(cancellationToken);
}
