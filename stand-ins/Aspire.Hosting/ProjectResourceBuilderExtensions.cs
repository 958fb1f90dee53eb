using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.StandIn;
using Aspire.Hosting.StandIn.Dashboard;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, launchProfileName: null);

    /// Launch profiles of projects are not read: a project is started as with launchProfileName null.
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name, string? launchProfileName)
        where TProject : IProjectMetadata, new()
    {
        if (launchProfileName is not null)
            throw new DistributedApplicationException($"Launch profile '{launchProfileName}' of project resource '{name}': the stand-in does not read launch profiles of projects.");

        var project = new ProjectResource(name);
        return builder.AddResource(project)
            .WithAnnotation(new TProject())
            .WithEnvironment(context =>
            {
                SetProjectDefaults(project, context.EnvironmentVariables);
                foreach (var (name, value) in DashboardSettings.TelemetryEnvironment(builder.Configuration, builder.Environment.IsDevelopment()))
                    context.EnvironmentVariables[name] = value;
            });
    }

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas) =>
        builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);

    private static void SetProjectDefaults(ProjectResource project, Dictionary<string, object> environment)
    {
        environment["OTEL_SERVICE_NAME"] = project.Name;
        environment["OTEL_RESOURCE_ATTRIBUTES"] = new ReplicaValue(replica => $"service.instance.id={replica.Suffix}");
        environment["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";

        // Lines of the console come in colours, which the dashboard shows.
        environment["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        environment["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";

        if (project.GetEndpoints().Any())
        {
            environment.TryAdd("ASPNETCORE_URLS", new ReplicaValue(replica => string.Join(';',
                project.GetEndpoints().Select(endpoint => string.Create(CultureInfo.InvariantCulture, $"{endpoint.Scheme}://localhost:{replica.TargetPorts[endpoint.EndpointName]}")))));
        }
    }
}
