using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// What there is, and what changes from that moment on.
internal sealed class ResourceSubscription(IReadOnlyList<ResourceEvent> current, ChannelReader<ResourceEvent> changes, Action end) : IDisposable
{
    public IReadOnlyList<ResourceEvent> Current { get; } = current;

    public ChannelReader<ResourceEvent> Changes { get; } = changes;

    public void Dispose() => end();
}
