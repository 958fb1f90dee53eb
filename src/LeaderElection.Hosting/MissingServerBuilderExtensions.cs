using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Adds servers that are not there to an application model.</summary>
public static class MissingServerBuilderExtensions
{
    /// <summary>Adds a row in state "Not available" for a server that cannot be run here.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The name that the server's resource would have had.</param>
    /// <param name="remedy">What would make it available, such as the command that installs it.</param>
    /// <returns>The resource's builder.</returns>
    public static IResourceBuilder<MissingServerResource> AddMissingServer(this IDistributedApplicationBuilder builder, [ResourceName] string name, string remedy)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(remedy);

        return builder.AddResource(new MissingServerResource(name))
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Server",
                State = new ResourceStateSnapshot("Not available", KnownResourceStateStyles.Warn),
                Properties = [new ResourcePropertySnapshot("Remedy", remedy)],
            })
            .OnInitializeResource((resource, @event, _) =>
            {
                @event.Logger.LogWarning("{Server} is not available on this machine. Remedy: {Remedy}", resource.Name, remedy);
                return Task.CompletedTask;
            });
    }
}
