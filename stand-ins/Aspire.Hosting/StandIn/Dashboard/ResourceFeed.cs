using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn.Dashboard;

/// The news of all resources, in batches, for one client. Of a resource that changes faster than the client reads only the
/// latest is kept, so what waits for a client is never more than one entry per resource.
internal sealed class ResourceFeed(ResourceNotificationService notifications)
{
    /// The first batch is all that there is, and may be empty; the others are what has changed since.
    public async IAsyncEnumerable<IReadOnlyCollection<ResourceEvent>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var subscription = notifications.Subscribe();
        var waiting = new LatestValues<ResourceEvent>();
        var pump = PumpAsync(subscription.Changes, waiting, stop.Token);
        try
        {
            yield return subscription.Current;
            while (true)
                yield return await waiting.TakeAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await pump;
        }
    }

    private static async Task PumpAsync(ChannelReader<ResourceEvent> changes, LatestValues<ResourceEvent> waiting, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in changes.ReadAllAsync(cancellationToken))
                waiting.Put(change.ResourceId, change);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
    }
}
