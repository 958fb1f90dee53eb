using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// One process of a project or executable. Its id is for life: a replica that is stopped and started keeps it.
internal sealed class Replica(IResource resource)
{
    public IResource Resource { get; } = resource;

    public string Suffix { get; } = ResourceNames.NewSuffix();

    public string Id => $"{Resource.Name}-{Suffix}";

    /// Where this process listens, by endpoint name.
    public Dictionary<string, int> TargetPorts { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// Start and stop of one replica come one after the other.
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public ChildProcess? Process { get; set; }

    public bool IsRunning => Process is { HasExited: false };
}
