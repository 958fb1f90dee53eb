using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Protocol = Aspire.Hosting.StandIn.Dashboard.Protocol;

namespace Aspire.Hosting.StandIn.Dashboard;

/// What the dashboard asks of its AppHost: gRPC, service aspire.v1.DashboardService. On loopback only, and only for who has the key.
internal sealed class ResourceService(
    DashboardSettings settings,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    string applicationName,
    ILogger logger) : IAsyncDisposable
{
    private const string ServicePath = "/aspire.v1.DashboardService/";
    private const string KeyHeader = "x-resource-service-api-key";
    private const string MinimumDashboardVersion = "13.5.0";
    private const int MaximumBatchCharacters = 1024 * 1024;

    private readonly byte[] _key = Encoding.UTF8.GetBytes(settings.ResourceServiceKey);
    private readonly ResourceFeed _feed = new(notifications);
    private readonly CancellationTokenSource _stopping = new();
    private GrpcServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _server = await GrpcServer.StartAsync(settings.ResourceServiceUrl.Port, HandleAsync, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        var call = new GrpcCall(context, ended.Token);
        if (!HasKey(context.Request))
        {
            call.End(GrpcStatus.Unauthenticated, "The API key is missing or wrong.");
            return;
        }

        try
        {
            await AnswerAsync(context.Request.Path.Value ?? string.Empty, call);
            call.End(GrpcStatus.Ok);
        }
        catch (GrpcException e)
        {
            call.End(e.Status, e.Message);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or EndOfStreamException)
        {
            call.End(GrpcStatus.InvalidArgument, "The request is not understood.");
        }
        catch (Exception e) when (ended.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // Nobody listens any more, or the application ends.
            if (!context.RequestAborted.IsCancellationRequested)
                call.End(GrpcStatus.Ok);
        }
        catch (Exception e)
        {
            logger.LogError(e, "The dashboard's request {Path} failed.", context.Request.Path);
            call.End(GrpcStatus.Internal, e.Message);
        }
    }

    private bool HasKey(HttpRequest request) => request.Headers[KeyHeader] is [{ } key]
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), _key);

    private Task AnswerAsync(string path, GrpcCall call) => path switch
    {
        ServicePath + "GetApplicationInformation" => call.WriteAsync(new Protocol.ApplicationInformation { ApplicationName = applicationName, MinDashboardVersion = MinimumDashboardVersion }),
        ServicePath + "WatchResources" => WatchResourcesAsync(call),
        ServicePath + "WatchResourceConsoleLogs" => WatchConsoleLogsAsync(call),
        ServicePath + "ExecuteResourceCommand" => ExecuteCommandAsync(call),
        ServicePath + "WatchInteractions" => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Cancelled),
        _ => throw new GrpcException(GrpcStatus.Unimplemented, $"{path} is not there."),
    };

    private async Task WatchResourcesAsync(GrpcCall call)
    {
        await call.ReadAsync(Empty.Parser);
        var isFirst = true;
        await foreach (var batch in _feed.WatchAsync(call.Cancelled))
        {
            var update = new Protocol.ResourcesUpdate();
            if (isFirst)
                update.InitialData = new() { Resources = { batch.Select(ResourceMessages.From) } };
            else
                update.Changes = new() { Value = { batch.Select(change => new Protocol.ResourceChange { Upsert = ResourceMessages.From(change) }) } };

            isFirst = false;
            await call.WriteAsync(update);
        }
    }

    private async Task WatchConsoleLogsAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(Protocol.ConsoleLogsRequest.Parser);
        var batches = request.SuppressFollow ? loggers.GetAllAsync(request.ResourceName) : loggers.WatchAsync(request.ResourceName);
        await foreach (var batch in batches.WithCancellation(call.Cancelled))
        {
            // A client takes messages of four megabytes at most.
            var (update, size) = (new Protocol.ConsoleLogsUpdate(), 0);
            foreach (var line in batch)
            {
                var text = line.Content.Length > MaximumBatchCharacters ? line.Content[..MaximumBatchCharacters] : line.Content;
                if (size + text.Length > MaximumBatchCharacters)
                {
                    await call.WriteAsync(update);
                    (update, size) = (new(), 0);
                }

                update.LogLines.Add(new Protocol.ConsoleLine { Text = text, IsStdErr = line.IsErrorMessage, LineNumber = line.LineNumber });
                size += text.Length;
            }

            await call.WriteAsync(update);
        }
    }

    private async Task ExecuteCommandAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(Protocol.CommandRequest.Parser);
        var result = await commands.ExecuteCommandAsync(request.ResourceName, request.CommandName, call.Cancelled);
        await call.WriteAsync(new Protocol.CommandReply
        {
            Kind = result.Success ? Protocol.CommandOutcome.Succeeded : result.Canceled ? Protocol.CommandOutcome.Cancelled : Protocol.CommandOutcome.Failed,
            Message = result.Message ?? string.Empty,
        });
    }
}
