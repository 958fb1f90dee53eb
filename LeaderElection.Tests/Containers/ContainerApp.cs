using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using LeaderElection.Hosting;
using LeaderElection.Tests.App;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Containers;

/// <summary>The AppHost with its stores as containers, on volumes of its own; started by the first test that needs it.</summary>
public sealed class ContainerApp : IAsyncLifetime
{
    public static readonly string[] Stores = ["redis", "etcd", "zookeeper"];

    private readonly TemporaryFolder _data = new();
    private readonly Volumes _volumes = new();
    private DistributedApplication? _application;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
            await _volumes.DisposeAsync();
        }
        _data.Dispose();
    }

    internal async Task<DistributedApplication> GetAsync(CancellationToken cancellationToken) => _application ??= await StartAsync(cancellationToken);

    /// <summary>Ends it, if it runs, and starts it anew, on the same data.</summary>
    internal async Task<DistributedApplication> RestartAsync(CancellationToken cancellationToken)
    {
        if (_application is { } running)
        {
            _application = null;
            await running.StopAsync(cancellationToken);
            await running.DisposeAsync();
        }
        return _application = await StartAsync(cancellationToken);
    }

    /// <summary>Waits until somebody leads under a token above the one given.</summary>
    internal static async Task<(string Candidate, long FencingToken)> LeaderAsync(
        DistributedApplication app, string store, long after, CancellationToken cancellationToken)
    {
        var row = await app.ResourceNotifications.WaitForResourceAsync(
            $"{store}-demo", e => e.Snapshot.GetLeader() is { } leader && leader.FencingToken > after, cancellationToken);
        return row.Snapshot.GetLeader()!.Value;
    }

    private async Task<DistributedApplication> StartAsync(CancellationToken cancellationToken)
    {
        string[] args =
        [
            "--strategies", string.Join(',', Stores), "--stores", "container", "--replicas", "2", "--lease-duration", "3s",
            "--board-port", "0", "--data-dir", _data.Path,
        ];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.LeaderElection_AppHost>(args, cancellationToken);
        // Not the volumes of an AppHost that somebody has run here.
        foreach (var store in builder.Resources.OfType<ContainerResource>())
        {
            var volume = store.Annotations.OfType<ContainerMountAnnotation>().Single();
            store.Annotations.Remove(volume);
            store.Annotations.Add(new ContainerMountAnnotation($"leader-election-{_volumes.Id}-{store.Name}", volume.Target, volume.Type, volume.IsReadOnly));
        }
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}
