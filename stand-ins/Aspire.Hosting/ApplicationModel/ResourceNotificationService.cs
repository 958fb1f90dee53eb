using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Aspire.Hosting.StandIn;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// The state of every resource and replica, and the news about it.
public class ResourceNotificationService : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Channel<ResourceEvent>> _watchers = [];
    private readonly ResourceLoggerService _loggers;
    private readonly IServiceProvider _services;
    private readonly WaitBehavior _defaultBehavior;

    public ResourceNotificationService(
        ILogger<ResourceNotificationService> logger,
        IHostApplicationLifetime hostApplicationLifetime,
        IServiceProvider serviceProvider,
        ResourceLoggerService resourceLoggerService)
    {
        _loggers = resourceLoggerService;
        _services = serviceProvider;

        // As Aspire has it: where there is somebody to start a failed resource again, wait; else give up.
        _defaultBehavior = serviceProvider.GetService(typeof(DistributedApplicationOptions)) is DistributedApplicationOptions { DisableDashboard: false }
            ? WaitBehavior.WaitOnResourceUnavailable
            : WaitBehavior.StopOnResourceUnavailable;
    }

    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var subscription = Subscribe();
        foreach (var @event in subscription.Current)
            yield return @event;

        await foreach (var @event in subscription.Changes.ReadAllAsync(cancellationToken))
            yield return @event;
    }

    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            return _current.TryGetValue(resourceId, out resourceEvent)
                || (resourceEvent = Unique(resourceId)) is not null;
        }
    }

    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory) =>
        PublishUpdateAsync(resource, resource.Name, stateFactory);

    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            var before = _current.GetValueOrDefault(resourceId)?.Snapshot
                ?? resource.Annotations.OfType<ResourceSnapshotAnnotation>().LastOrDefault()?.InitialSnapshot
                ?? new CustomResourceSnapshot { ResourceType = resource.GetType().Name, Properties = [] };

            var after = WithIcon(resource, WithCommands(resource, stateFactory(before)));
            if (after == before && _current.ContainsKey(resourceId))
                return Task.CompletedTask;

            var @event = new ResourceEvent(resource, resourceId, after);
            _current[resourceId] = @event;
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(@event);
        }

        return Task.CompletedTask;
    }

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [string.IsNullOrEmpty(targetState) ? KnownResourceStates.Running : targetState], cancellationToken);

    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(
            resourceName,
            e => e.Snapshot.State?.Text is { } text && targetStates.Contains(text, StringComparer.OrdinalIgnoreCase),
            cancellationToken);

        return reached.Snapshot.State!.Text;
    }

    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var @event in WatchAsync(cancellationToken))
        {
            if (string.Equals(@event.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(@event))
                return @event;
        }

        throw new OperationCanceledException($"The operation was cancelled before the resource met the predicate condition: '{resourceName}'.");
    }

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, _defaultBehavior, cancellationToken);

    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var @event = await WaitForResourceAsync(resourceName, e => IsHealthy(e) || GivesUp(e, waitBehavior), cancellationToken);
        return IsHealthy(@event)
            ? @event
            : throw new DistributedApplicationException($"Stopped waiting for resource '{resourceName}' to become healthy because it failed to start.");
    }

    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) => Task.WhenAll(
        from wait in resource.Annotations.OfType<WaitAnnotation>()
        from id in IdsOf(wait.Resource)
        select WaitForDependencyAsync(resource, wait, id, cancellationToken));

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers)
                watcher.Writer.TryComplete();
        }

        GC.SuppressFinalize(this);
    }

    internal ResourceSubscription Subscribe()
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>(new() { SingleReader = true });
        lock (_lock)
        {
            _watchers.Add(channel);
            return new([.. _current.Values], channel.Reader, () =>
            {
                lock (_lock)
                    _watchers.Remove(channel);
            });
        }
    }

    internal IReadOnlyList<string> IdsOf(IResource resource)
    {
        lock (_lock)
            return [.. _current.Values.Where(e => e.Resource == resource).Select(e => e.ResourceId)];
    }

    private CustomResourceSnapshot WithCommands(IResource resource, CustomResourceSnapshot snapshot)
    {
        var context = new UpdateCommandStateContext { ResourceSnapshot = snapshot, Services = _services };
        ImmutableArray<ResourceCommandSnapshot> commands =
        [
            .. resource.Annotations.OfType<ResourceCommandAnnotation>().Select(command => new ResourceCommandSnapshot(
                command.Name, command.UpdateState(context), command.DisplayName, command.DisplayDescription, Parameter: null,
                command.ConfirmationMessage, command.IconName, command.IconVariant, command.IsHighlighted)),
        ];

        // The old array where it says the same, so that equal snapshots are equal.
        return snapshot.Commands.SequenceEqual(commands) ? snapshot : snapshot with { Commands = commands };
    }

    /// An icon in the snapshot stands before one of the resource.
    private static CustomResourceSnapshot WithIcon(IResource resource, CustomResourceSnapshot snapshot) =>
        snapshot.IconName is null && resource.TryGetLastAnnotation<ResourceIconAnnotation>(out var icon)
            ? snapshot with { IconName = icon.IconName, IconVariant = icon.IconVariant }
            : snapshot;

    private async Task WaitForDependencyAsync(IResource resource, WaitAnnotation wait, string id, CancellationToken cancellationToken)
    {
        var behavior = wait.WaitBehavior ?? _defaultBehavior;
        _loggers.GetLogger(resource).LogInformation("Waiting for resource '{ResourceName}'.", id);

        var @event = await WaitForResourceAsync(
            wait.Resource.Name,
            e => e.ResourceId == id && wait.WaitType switch
            {
                WaitType.WaitForCompletion => KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text),
                WaitType.WaitUntilStarted => e.Snapshot.State?.Text == KnownResourceStates.Running || GivesUp(e, behavior),
                _ => IsHealthy(e) || GivesUp(e, behavior),
            },
            cancellationToken);

        var state = @event.Snapshot.State?.Text;
        if (state == KnownResourceStates.FailedToStart)
            throw new DistributedApplicationException($"Resource '{resource.Name}' stopped waiting for dependency resource '{id}' because it failed to start.");

        if (wait.WaitType == WaitType.WaitForCompletion && @event.Snapshot.ExitCode != wait.ExitCode)
            throw new DistributedApplicationException($"Resource '{resource.Name}' stopped waiting for dependency resource '{id}' because it entered the '{state}' state with exit code '{@event.Snapshot.ExitCode}', expected '{wait.ExitCode}'.");

        if (wait.WaitType != WaitType.WaitForCompletion && state != KnownResourceStates.Running)
            throw new DistributedApplicationException($"Resource '{resource.Name}' stopped waiting for dependency resource '{id}' because it entered the '{state}' state prematurely.");
    }

    private static bool IsHealthy(ResourceEvent @event) => @event.Snapshot.HealthStatus == HealthStatus.Healthy;

    private static bool GivesUp(ResourceEvent @event, WaitBehavior behavior) =>
        behavior == WaitBehavior.StopOnResourceUnavailable && KnownResourceStates.TerminalStates.Contains(@event.Snapshot.State?.Text);

    /// A replica's state is also found by its resource's name, when there is no other.
    private ResourceEvent? Unique(string name)
    {
        var matches = _current.Values.Where(e => string.Equals(e.Resource.Name, name, StringComparison.OrdinalIgnoreCase)).Take(2).ToList();
        return matches.Count == 1 ? matches[0] : null;
    }
}
