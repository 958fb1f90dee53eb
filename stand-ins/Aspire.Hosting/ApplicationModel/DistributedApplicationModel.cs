using Aspire.Hosting.StandIn;

namespace Aspire.Hosting.ApplicationModel;

public class DistributedApplicationModel
{
    public DistributedApplicationModel(IResourceCollection resources) => Resources = resources;

    public DistributedApplicationModel(IEnumerable<IResource> resources) : this(new ResourceCollection(resources))
    {
    }

    public IResourceCollection Resources { get; }
}
