using Aspire.Hosting.StandIn;

namespace Aspire.Hosting.ApplicationModel;

public class ValueProviderContext
{
    public DistributedApplicationExecutionContext? ExecutionContext { get; init; }

    public IResource? Caller { get; init; }

    /// The replica whose environment or arguments are being made: target ports differ from one to the next.
    internal Replica? Replica { get; init; }
}
