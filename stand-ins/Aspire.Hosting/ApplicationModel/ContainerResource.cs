namespace Aspire.Hosting.ApplicationModel;

/// Containers are not supported here: a container resource is a composition error (see DistributedApplicationBuilder.Build).
public class ContainerResource(string name, string? entrypoint = null) : Resource(name),
    IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IComputeResource
{
    public string? Entrypoint { get; set; } = entrypoint;
}
