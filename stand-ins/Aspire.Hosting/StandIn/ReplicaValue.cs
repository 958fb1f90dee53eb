using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// An environment value that differs from one replica to the next.
internal sealed class ReplicaValue(Func<Replica, string> value) : IValueProvider
{
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("This value belongs to a replica.");

    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        context.Replica is { } replica ? new(value(replica)) : GetValueAsync(cancellationToken);
}
