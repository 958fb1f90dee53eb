namespace Aspire.Hosting.ApplicationModel;

/// Can be composed, and cannot run: the orchestrator says so of its row.
public class ContainerResource(string name, string? entrypoint = null) : Resource(name),
    IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IComputeResource
{
    public string? Entrypoint { get; set; } = entrypoint;
}
