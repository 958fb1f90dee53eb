using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.Hosting;

/// <summary>What a model says of a container, without running it.</summary>
internal static class Composition
{
    public static string ImageOf(IResource resource)
    {
        var image = resource.Annotations.OfType<ContainerImageAnnotation>().Single();
        return $"{image.Registry}/{image.Image}:{image.Tag}";
    }

    public static ContainerMountAnnotation MountOf(IResource resource) => Assert.Single(resource.Annotations.OfType<ContainerMountAnnotation>());

    public static IResource ParentOf(IResource resource) =>
        Assert.Single(resource.Annotations.OfType<ResourceRelationshipAnnotation>(), relation => relation.Type == "Parent").Resource;

    /// <summary>The arguments, as pairs of an option and its value.</summary>
    public static async Task<Dictionary<string, string>> OptionsOfAsync(IResource resource)
    {
        var args = new List<object>();
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
            await annotation.Callback(new CommandLineArgsCallbackContext(args, resource, CancellationToken.None));
        return args.Cast<string>().Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public static async Task<Dictionary<string, object>> EnvironmentOfAsync(IDistributedApplicationBuilder builder, IResource resource)
    {
        var variables = new Dictionary<string, object>();
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(new EnvironmentCallbackContext(builder.ExecutionContext, resource, variables, CancellationToken.None));
        return variables;
    }

    /// <summary>Gives the members ports on this machine, as the orchestrator would: the first 5001, the next 5002 and so on.</summary>
    public static void Allocate(IEnumerable<IResource> members)
    {
        var port = 5000;
        foreach (var endpoint in members.Select(member => Assert.Single(member.Annotations.OfType<EndpointAnnotation>())))
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", ++port, endpoint.TargetPort?.ToString(CultureInfo.InvariantCulture));
    }
}
