using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ConnectionStringBuilderExtensions
{
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression) => builder
        .AddResource(new ConnectionStringResource(name, connectionStringExpression))
        .WithInitialState(new() { ResourceType = "ConnectionString", Properties = [], State = KnownResourceStates.NotStarted })
        .OnInitializeResource(async (resource, @event, cancellationToken) =>
        {
            await @event.Notifications.WaitForDependenciesAsync(resource, cancellationToken);
            await @event.Notifications.PublishUpdateAsync(resource, s => s with { State = KnownResourceStates.Running });
        });
}
