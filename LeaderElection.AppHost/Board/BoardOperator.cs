using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.AppHost.Board;

/// <summary>Starts, stops and restarts replicas when the board asks for it.</summary>
internal sealed partial class BoardOperator(
    BoardAccess board, ResourceNotificationService notifications, ResourceCommandService commands, ILogger<BoardOperator> logger) : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done once the board has accepted its operator.</summary>
    public Task Connected => _connected.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                using var client = board.Open();
                var running = new List<Task>();
                await foreach (var e in client.EventsAsync("/api/operator/stream", () => _connected.TrySetResult(), stoppingToken))
                {
                    if (e.EventType != "operation" || JsonSerializer.Deserialize<Operation>(e.Data, JsonSerializerOptions.Web) is not { } operation)
                        continue;
                    // One that takes its time does not hold up the others.
                    running.RemoveAll(task => task.IsCompleted);
                    running.Add(CarryOutAsync(client, operation, stoppingToken));
                }
                await Task.WhenAll(running);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && e is ElectionStoreException or JsonException)
            {
                LogDisconnected(logger, e.Message);
            }
            await Task.Delay(Rest, TimeProvider.System, stoppingToken);
        }
    }

    private async Task CarryOutAsync(BoardClient client, Operation operation, CancellationToken cancellationToken)
    {
        try
        {
            var error = await ExecuteAsync(operation, cancellationToken);
            LogCarriedOut(logger, operation.Command, operation.Resource, error ?? "done");
            await client.PostAsync($"/api/operator/operations/{operation.Id}", new { error }, cancellationToken);
        }
        catch (ElectionStoreException e)
        {
            LogUntold(logger, operation.Command, operation.Resource, e.Message);
        }
    }

    /// <returns>Why it failed, in one line; <see langword="null"/> if it did not.</returns>
    private async Task<string?> ExecuteAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (ReplicaOf(operation.Resource) is not { } replicas)
            return $"'{OneLine.Of(operation.Resource)}' is not a replica of this application";
        if (operation.Command is not ("start" or "stop" or "restart"))
            return $"'{OneLine.Of(operation.Command)}' is unknown; allowed are start, stop, restart";
        if (operation.Command == KnownResourceCommands.StartCommand && !await HasEndedAsync(replicas, operation.Resource, cancellationToken))
            return $"{operation.Resource} is running";
        var result = await commands.ExecuteCommandAsync(operation.Resource, operation.Command, cancellationToken);
        return result.Success ? null
            : OneLine.Of(result.Message) is { Length: > 0 } message ? message
            : $"the {operation.Command} of {operation.Resource} {(result.Canceled ? "was given up" : "failed")}";
    }

    /// <summary>The board's word goes for candidates only, not for the board itself or for stores.</summary>
    private IResource? ReplicaOf(string id) => notifications.TryGetCurrentState(id, out var current)
        && current.ResourceId == id
        && current.Resource.Annotations.OfType<ResourceRelationshipAnnotation>().Any(relation => relation is { Type: "Parent", Resource: ElectionResource })
            ? current.Resource
            : null;

    /// <summary>Waits a while: the board hears of a crash by the candidate's connection, sooner than the orchestrator, to which a start would be none.</summary>
    private async Task<bool> HasEndedAsync(IResource replicas, string id, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(EndLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await notifications.WaitForResourceAsync(
                replicas.Name, e => e.ResourceId == id && (e.Snapshot.State?.Text == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(e.Snapshot.State?.Text)), either.Token);
            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Command} of {Resource} for the board: {Outcome}")]
    private static partial void LogCarriedOut(ILogger logger, string command, string resource, string outcome);

    [LoggerMessage(2, LogLevel.Warning, "the board was not told of the {Command} of {Resource}: {Reason}")]
    private static partial void LogUntold(ILogger logger, string command, string resource, string reason);

    [LoggerMessage(3, LogLevel.Debug, "the board has no operator: {Reason}")]
    private static partial void LogDisconnected(ILogger logger, string reason);

    private sealed record Operation(long Id, string Command, string Resource);
}
