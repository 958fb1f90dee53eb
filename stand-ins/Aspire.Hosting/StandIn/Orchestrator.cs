using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.StandIn;

/// Starts, stops and watches the processes of the model, and says in snapshots what becomes of them.
internal sealed class Orchestrator(
    DistributedApplicationModel model,
    DistributedApplicationExecutionContext executionContext,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    IDistributedApplicationEventing eventing,
    EndpointAllocator endpoints,
    Watchdog watchdog,
    IServiceProvider services) : IHostedService, IAsyncDisposable
{
    private const string NoContainers = "Containers cannot run: this build of Aspire.Hosting is the stand-in for feeds without the Aspire packages, and it runs processes only.";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly ProcessSpecFactory _specs = new(executionContext);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Replica> _replicas = [];
    private readonly List<Task> _starting = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var resource in model.Resources.Where(r => r is ProjectResource or ExecutableResource))
        {
            LifecycleCommands.Add(resource, ExecuteAsync);
            for (var i = resource.GetReplicaCount(); i > 0; i--)
                _replicas.Add(new(resource));
        }

        endpoints.Allocate(_replicas);
        foreach (var replica in _replicas)
        {
            loggers.Alias(replica.Id, replica.Resource.Name);
            await notifications.PublishUpdateAsync(replica.Resource, replica.Id, _ => Snapshots.Initial(replica.Resource, IdOfParent(replica.Resource)));
        }

        foreach (var resource in model.Resources)
        {
            if (resource is ContainerResource)
            {
                await notifications.PublishUpdateAsync(resource, _ => Snapshots.Initial(resource, IdOfParent(resource)));
                await FailAsync(resource, resource.Name, NoContainers);
            }
            else if (_replicas.All(replica => replica.Resource != resource))
            {
                await notifications.PublishUpdateAsync(resource, s => Snapshots.WithRelations(resource, IdOfParent(resource), s));
            }

            _ = eventing.PublishAsync(new InitializeResourceEvent(resource, eventing, loggers, notifications, services), _stopping.Token);
        }

        foreach (var replica in _replicas)
            _starting.Add(Task.Run(() => StartAsync(replica, waitForOthers: true, _stopping.Token), CancellationToken.None));
    }

    /// Those that came last go first: a worker still finds its store and its board while it ends.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_starting);
        foreach (var group in _replicas.GroupBy(replica => replica.Resource).Reverse())
            await Task.WhenAll(group.Select(replica => StopAsync(replica, CancellationToken.None)));

        await endpoints.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var replica in _replicas)
            replica.Process?.KillNow();
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(string replicaId, string command, CancellationToken cancellationToken)
    {
        var replica = _replicas.First(replica => replica.Id == replicaId);
        await replica.Gate.WaitAsync(cancellationToken);
        try
        {
            // To stop what is stopped, or to start what runs, is no error.
            if (command != KnownResourceCommands.StartCommand)
                await StopAsync(replica, cancellationToken);

            return command == KnownResourceCommands.StopCommand || await StartAsync(replica, waitForOthers: false, _stopping.Token)
                ? CommandResults.Success($"Successfully {command switch { "start" => "started", "stop" => "stopped", _ => "restarted" }} '{replica.Id}'.")
                : CommandResults.Failure($"Resource '{replica.Id}' failed to start.");
        }
        finally
        {
            replica.Gate.Release();
        }
    }

    /// Where several replicas are the parent, the first of them.
    private string? IdOfParent(IResource resource) =>
        resource.Annotations.OfType<ResourceRelationshipAnnotation>().LastOrDefault(relation => relation.Type == "Parent")?.Resource is { } parent
            ? _replicas.FirstOrDefault(replica => replica.Resource == parent)?.Id ?? parent.Name
            : null;

    private async Task<bool> StartAsync(Replica replica, bool waitForOthers, CancellationToken cancellationToken)
    {
        var resource = replica.Resource;
        try
        {
            endpoints.ThrowIfFailed(resource);
            if (waitForOthers && resource.Annotations.OfType<WaitAnnotation>().Any())
            {
                await PublishAsync(replica, s => s with { State = KnownResourceStates.Waiting });
                await notifications.WaitForDependenciesAsync(resource, cancellationToken);
            }

            // Not twice, should somebody have pressed start while this was waiting.
            if (replica.IsRunning)
                return true;

            await PublishAsync(replica, s => s with { State = KnownResourceStates.Starting, ExitCode = null, StopTimeStamp = null });
            var spec = await _specs.CreateAsync(replica, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            var process = ChildProcess.Start(spec, watchdog, (line, isError) => loggers.Write(replica.Id, line, isError));
            replica.Process = process;
            await PublishAsync(replica, s => Snapshots.Running(s, resource, spec, process.Id));
            _ = ObserveEndAsync(replica, process);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await PublishAsync(replica, s => s with { State = KnownResourceStates.NotStarted });
            return false;
        }
        catch (Exception e)
        {
            await FailAsync(resource, replica.Id, e.Message);
            return false;
        }
    }

    private Task FailAsync(IResource resource, string id, string reason)
    {
        loggers.GetLogger(id).LogError("{Message}", reason);
        return notifications.PublishUpdateAsync(resource, id, s => Snapshots.Failed(s, reason));
    }

    private async Task StopAsync(Replica replica, CancellationToken cancellationToken)
    {
        if (replica.Process is not { HasExited: false } process)
            return;

        await PublishAsync(replica, s => s.State?.Text == KnownResourceStates.Running ? s with { State = KnownResourceStates.Stopping } : s);
        await process.StopAsync(Grace);
        await notifications.WaitForResourceAsync(
            replica.Resource.Name,
            e => e.ResourceId == replica.Id && KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text),
            cancellationToken);
    }

    private async Task ObserveEndAsync(Replica replica, ChildProcess process)
    {
        var exitCode = await process.Exited;
        // Not over the state of a process that was started since.
        await PublishAsync(replica, s => replica.Process == process ? Snapshots.Finished(s, exitCode) : s);
        process.Dispose();
    }

    private Task PublishAsync(Replica replica, Func<CustomResourceSnapshot, CustomResourceSnapshot> change) =>
        notifications.PublishUpdateAsync(replica.Resource, replica.Id, change);
}
