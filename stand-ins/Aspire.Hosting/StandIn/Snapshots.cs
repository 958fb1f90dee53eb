using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

internal static class Snapshots
{
    /// Why a resource failed to start, for the console.
    public const string FailureProperty = "failure";

    /// By this the dashboard nests one row under another.
    private const string ParentProperty = "resource.parentName";

    public static CustomResourceSnapshot Initial(IResource resource, string? parentId) => WithRelations(resource, parentId, new()
    {
        ResourceType = resource switch { ProjectResource => "Project", ContainerResource => "Container", _ => "Executable" },
        Properties = [],
        State = KnownResourceStates.NotStarted,
        CreationTimeStamp = Now,
        Urls = [.. resource.Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint.AllocatedEndpoint is not null)
            .Select(endpoint => new UrlSnapshot(endpoint.Name, endpoint.AllocatedEndpoint!.UriString, IsInternal: false) { IsInactive = true })],
    });

    public static CustomResourceSnapshot WithRelations(IResource resource, string? parentId, CustomResourceSnapshot snapshot) => snapshot with
    {
        Properties = parentId is null ? snapshot.Properties : With(snapshot.Properties, new ResourcePropertySnapshot(ParentProperty, parentId)),
        HealthReports = [.. resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => new HealthReportSnapshot(check.Key, null, null, null))],
        Relationships = [.. resource.Annotations.OfType<ResourceRelationshipAnnotation>()
            .Select(relation => new RelationshipSnapshot(relation.Resource.Name, relation.Type)).Distinct()],
    };

    public static CustomResourceSnapshot Running(CustomResourceSnapshot snapshot, IResource resource, ProcessSpec spec, int processId) => snapshot with
    {
        State = KnownResourceStates.Running,
        StartTimeStamp = Now,
        Properties = With(snapshot.Properties, Properties(resource, spec, processId)),
        Urls = [.. snapshot.Urls.Select(url => url with { IsInactive = false })],
        EnvironmentVariables = [.. spec.Environment.Select(variable => new EnvironmentVariableSnapshot(variable.Key, variable.Value, IsFromSpec: true))],
    };

    public static CustomResourceSnapshot Finished(CustomResourceSnapshot snapshot, int exitCode) => snapshot with
    {
        State = KnownResourceStates.Finished,
        ExitCode = exitCode,
        Urls = [.. snapshot.Urls.Select(url => url with { IsInactive = true })],
        StopTimeStamp = Now,
    };

    public static CustomResourceSnapshot Failed(CustomResourceSnapshot snapshot, string reason) => snapshot with
    {
        State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
        Properties = With(snapshot.Properties, new ResourcePropertySnapshot(FailureProperty, reason)),
    };

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private static ImmutableArray<ResourcePropertySnapshot> With(ImmutableArray<ResourcePropertySnapshot> properties, params ResourcePropertySnapshot[] added) =>
        [.. properties.Where(property => added.All(other => other.Name != property.Name)), .. added];

    // Names, labels and order as Aspire gives them; the page's Source column is made of these.
    private static ResourcePropertySnapshot[] Properties(IResource resource, ProcessSpec spec, int processId) => resource is ProjectResource
        ?
        [
            Hidden("executable.path", spec.FileName),
            Hidden("executable.workDir", spec.WorkingDirectory),
            Hidden("executable.args", spec.Arguments) with { IsSensitive = true },
            Shown("project.path", resource.Annotations.OfType<IProjectMetadata>().Last().ProjectPath, "Project path", 0),
            Shown("project.launchProfile", null, "Launch profile", 1),
            Shown("executable.pid", processId, "Process ID", 2),
            Hidden("resource.appArgs", spec.OwnArguments),
        ]
        :
        [
            Shown("executable.path", spec.FileName, "Executable path", 0),
            Shown("executable.workDir", spec.WorkingDirectory, "Working directory", 1),
            Shown("executable.args", spec.Arguments, "Executable arguments", 2) with { IsSensitive = true },
            Shown("executable.pid", processId, "Process ID", 3),
            Hidden("resource.appArgs", spec.OwnArguments),
        ];

    private static ResourcePropertySnapshot Hidden(string name, object? value) => new(name, value);

    private static ResourcePropertySnapshot Shown(string name, object? value, string displayName, int order) =>
        new(name, value) { DisplayName = displayName, IsHighlighted = true, SortOrder = order };
}
