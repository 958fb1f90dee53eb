using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>What the servers have in common, native or in containers.</summary>
internal static class StoreBuilderExtensions
{
    /// <summary>Adds a server that is installed on this machine, on a port of 127.0.0.1.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="create">Makes the resource, given the full path of its data folder.</param>
    /// <param name="command">The path of its program.</param>
    /// <param name="dataDirectory">The folder for its data; made if missing.</param>
    /// <param name="port">The port.</param>
    public static IResourceBuilder<T> AddNativeServer<T>(
        this IDistributedApplicationBuilder builder, Func<string, T> create, string command, string dataDirectory, int port) where T : NativeServerResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);

        var resource = create(Directory.CreateDirectory(dataDirectory).FullName);

        // Not behind Aspire's proxy: a server that is down should look down to its clients, not accept and hang up.
        return builder.AddResource(resource)
            .WithIconName("Database")
            .WithEndpoint(port: port, targetPort: port, scheme: resource.PrimaryEndpoint.EndpointName, name: resource.PrimaryEndpoint.EndpointName, isProxied: false);
    }

    /// <summary>Makes a server healthy once it answers a question over a plain connection.</summary>
    public static IResourceBuilder<T> WithTextHealthCheck<T>(
        this IResourceBuilder<T> builder, EndpointReference endpoint, string question, string answer) where T : IResource
    {
        var check = $"{builder.Resource.Name}_{question.TrimEnd().ToLowerInvariant()}";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            check, _ => new TextHealthCheck(endpoint, question, answer, TimeProvider.System), failureStatus: null, tags: null));
        return builder.WithHealthCheck(check);
    }
}
