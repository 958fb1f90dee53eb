using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

public class ResourceCommandService
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceLoggerService _loggers;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(ResourceNotificationService notifications, ResourceLoggerService loggers, IServiceProvider services) =>
        (_notifications, _loggers, _services) = (notifications, loggers, services);

    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        _notifications.TryGetCurrentState(resourceId, out var state)
            ? await ExecuteAsync(state.Resource, state.ResourceId, commandName, cancellationToken)
            : CommandResults.Failure($"Resource '{resourceId}' not found.");

    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default)
    {
        var ids = _notifications.IdsOf(resource);
        var results = await Task.WhenAll(ids.Select(id => ExecuteAsync(resource, id, commandName, cancellationToken)));
        var failures = ids.Zip(results).Where(pair => pair.Second is { Success: false, Canceled: false }).ToList();
        return results.Length == 1 ? results[0]
            : failures.Count > 0 ? CommandResults.Failure(string.Join(
                Environment.NewLine,
                [$"{failures.Count} command executions failed.", .. failures.Select(pair => $"Resource '{pair.First}' failed with error message: {pair.Second.Message}")]))
            : results.Any(result => result.Canceled) ? CommandResults.Canceled()
            : CommandResults.Success();
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(IResource resource, string resourceId, string commandName, CancellationToken cancellationToken)
    {
        var logger = _loggers.GetLogger(resourceId);
        logger.LogInformation("Executing command '{CommandName}'.", commandName);
        if (resource.Annotations.OfType<ResourceCommandAnnotation>().FirstOrDefault(command => command.Name == commandName) is not { } command)
        {
            logger.LogInformation("Command '{CommandName}' not available.", commandName);
            return CommandResults.Failure($"Command '{commandName}' not available for resource '{resourceId}'.");
        }

        try
        {
            var result = await command.ExecuteCommand(new() { ResourceName = resourceId, Services = _services, CancellationToken = cancellationToken, Logger = logger });
            if (result.Success)
                logger.LogInformation("Successfully executed command '{CommandName}'.", commandName);
            else if (!result.Canceled)
                logger.LogInformation("Failure executing command '{CommandName}'. Error message: {ErrorMessage}", commandName, result.Message);

            return result;
        }
        catch (OperationCanceledException)
        {
            return CommandResults.Canceled();
        }
        catch (Exception e)
        {
            logger.LogError(e, "Error executing command '{CommandName}'.", commandName);
            return CommandResults.Failure(e);
        }
    }
}
