using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.App;
using Microsoft.Extensions.Configuration;

namespace LeaderElection.Tests.Containers;

/// <summary>A test that runs stores as containers; it is skipped, and says why, where that is not possible.</summary>
internal sealed class ContainerFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    public ContainerFactAttribute() => Skip = Obstacle.Value;

    /// <summary>The images that the AppHost's stores are made of.</summary>
    public static IReadOnlyList<string> Images
    {
        get
        {
            var builder = TestApplication.CreateBuilder();
            IResource[] stores = [builder.AddRedis("redis").Resource, builder.AddEtcd("etcd").Resource, builder.AddZooKeeper("zookeeper").Resource];
            return [.. stores.Select(NativeFallbackExtensions.ImageOf)];
        }
    }

    /// <summary>The runtime that the tests run on.</summary>
    public static ContainerRuntime Runtime => Find() ?? throw new InvalidOperationException("The container runtime does not answer any more.");

    // Pulling is not a test's business: it may take minutes, and fail for reasons that are not ours.
    private static string? FindObstacle()
    {
        if (Find() is not { } runtime)
            return "no container runtime answers";
        return Images.FirstOrDefault(image => !runtime.Has(image)) is { } missing ? $"{runtime.Command} has no image {missing}; ./test --containers pulls it" : null;
    }

    private static ContainerRuntime? Find() => ContainerRuntime.Find(new ConfigurationBuilder().AddEnvironmentVariables().Build());
}
