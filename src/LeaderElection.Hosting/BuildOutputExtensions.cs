using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Starts projects without <c>dotnet run</c>.</summary>
public static class BuildOutputExtensions
{
    // Written by build/BuildOutputs.targets.
    private const string MetadataPrefix = "build-output:";

    /// <summary>
    /// Starts the application's projects as <c>dotnet exec</c> of what their build made, not by <c>dotnet run</c>, which
    /// costs each replica a second process of about 140 MB and more than a second of processor time.
    /// </summary>
    /// <remarks>
    /// Where an IDE debugs or <c>dotnet watch</c> watches, and for a project whose output is not known or not there,
    /// nothing changes. The outputs are known if the AppHost's project imports <c>BuildOutputs.targets</c>.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <returns>The same builder.</returns>
    public static IDistributedApplicationBuilder StartProjectsFromBuildOutput(this IDistributedApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!builder.ExecutionContext.IsRunMode || IsStartedByOthers(builder.Configuration))
            return builder;

        var outputs = OutputsOf(builder.AppHostAssembly);
        builder.Eventing.Subscribe<BeforeStartEvent>((started, _) =>
        {
            foreach (var project in started.Model.Resources.OfType<ProjectResource>())
            {
                var path = Path.GetFullPath(project.GetProjectMetadata().ProjectPath);
                if (outputs.TryGetValue(path, out var output) && File.Exists(output))
                    StartFrom(project, path, output);
            }
            return Task.CompletedTask;
        });
        return builder;
    }

    private static void StartFrom(ProjectResource project, string projectPath, string output)
    {
        var folder = Path.GetDirectoryName(projectPath)!;
        project.Annotations.Add(new ExecutableAnnotation { Command = "dotnet", WorkingDirectory = folder });
        // Before the project's own arguments.
        project.Annotations.Insert(0, new CommandLineArgsCallbackAnnotation(arguments =>
        {
            arguments.Add("exec");
            // Short, as the dashboard shows it.
            arguments.Add(Path.GetRelativePath(folder, output));
        }));
    }

    private static bool IsStartedByOthers(IConfiguration configuration) =>
        configuration["DEBUG_SESSION_PORT"] is { Length: > 0 } || configuration.GetValue<bool>("DOTNET_WATCH");

    private static Dictionary<string, string> OutputsOf(Assembly? appHost) => (appHost?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
        .Where(metadata => metadata.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal) && metadata.Value is not null)
        .ToDictionary(metadata => metadata.Key[MetadataPrefix.Length..], metadata => metadata.Value!);
}
