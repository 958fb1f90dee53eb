using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// Turns a resource's annotations into what is started: command, arguments, environment.
internal sealed class ProcessSpecFactory(DistributedApplicationExecutionContext executionContext)
{
    public async Task<ProcessSpec> CreateAsync(Replica replica, CancellationToken cancellationToken)
    {
        var resource = replica.Resource;
        var values = new ValueProviderContext { ExecutionContext = executionContext, Caller = resource, Replica = replica };

        var environment = new EnvironmentCallbackContext(executionContext, resource, cancellationToken: cancellationToken);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToList())
            await annotation.Callback(environment);

        var arguments = new CommandLineArgsCallbackContext([], resource, cancellationToken);
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToList())
            await annotation.Callback(arguments);

        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in environment.EnvironmentVariables)
        {
            if (await ResolveAsync(value, values, cancellationToken) is { } text)
                variables[name] = text;
        }

        var words = new List<string>();
        foreach (var value in arguments.Args)
        {
            if (await ResolveAsync(value, values, cancellationToken) is { } text)
                words.Add(text);
        }

        return resource switch
        {
            ExecutableResource executable => new(executable.Command, Path.GetFullPath(executable.WorkingDirectory), words, variables),
            ProjectResource project => ForProject(project, words, variables),
            _ => throw new DistributedApplicationException($"Resource '{resource.Name}' is not a process."),
        };
    }

    private static ProcessSpec ForProject(ProjectResource project, List<string> arguments, Dictionary<string, string> environment)
    {
        var metadata = project.Annotations.OfType<IProjectMetadata>().Last();
        var target = AppHostMetadata.TargetPath(metadata.GetType().Assembly, metadata.ProjectPath) ?? LatestBuild(metadata.ProjectPath);
        if (target is null || !File.Exists(target))
            throw new DistributedApplicationException($"Project '{metadata.ProjectPath}' is not built.");

        return new(DotNetHost, Path.GetDirectoryName(metadata.ProjectPath)!, ["exec", target, .. arguments], environment) { OwnArguments = arguments };
    }

    /// For a project that the AppHost does not reference, so that its build did not note where the output is.
    private static string? LatestBuild(string projectPath)
    {
        var bin = Path.Combine(Path.GetDirectoryName(projectPath)!, "bin");
        return !Directory.Exists(bin) ? null : Directory
            .EnumerateFiles(bin, Path.GetFileNameWithoutExtension(projectPath) + ".dll", SearchOption.AllDirectories)
            .Where(file => File.Exists(Path.ChangeExtension(file, ".runtimeconfig.json")))
            .MaxBy(File.GetLastWriteTimeUtc);
    }

    private static string DotNetHost =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet");

    private static async ValueTask<string?> ResolveAsync(object value, ValueProviderContext context, CancellationToken cancellationToken) => value switch
    {
        string text => text,
        IValueProvider provider => await provider.GetValueAsync(context, cancellationToken),
        _ => value.ToString(),
    };
}
