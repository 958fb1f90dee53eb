using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.StandIn.Dashboard;

/// Keeps a dashboard running beside the application. Whatever becomes of it, the application runs on.
internal sealed class DashboardHost(
    DashboardSettings settings,
    DashboardPackage package,
    Watchdog watchdog,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    ResourceCommandService commands,
    IHostEnvironment environment,
    ILoggerFactory loggerFactory) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = loggerFactory.CreateLogger("Aspire.Hosting.DistributedApplication");
    private readonly ILogger _output = loggerFactory.CreateLogger("Aspire.Hosting.Dashboard");
    private readonly DashboardResource _resource = DashboardResource.Instance;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private ResourceService? _service;
    private GrpcServer? _refusal;
    private Task _run = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.ProgramPath is null ? !package.CanBeHad : !File.Exists(settings.ProgramPath))
            settings.TellNobodyToSendTelemetry();

        var service = new ResourceService(settings, notifications, loggers, commands, ApplicationName(), loggerFactory.CreateLogger<ResourceService>());
        try
        {
            await service.StartAsync(cancellationToken);
            _service = service;
        }
        catch (IOException e)
        {
            settings.TellNobodyToSendTelemetry();
            _logger.LogWarning("There is no dashboard: {Reason} The application runs on without it.", e.Message);
            return;
        }

        _run = Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _run;
        if (_service is not null)
            await _service.DisposeAsync();

        if (_refusal is not null)
            await _refusal.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var program = settings.ProgramPath ?? await package.GetAsync(line => _logger.LogInformation("{Progress}", line), cancellationToken);
            if (!File.Exists(program))
                throw new DashboardUnavailableException($"{program} is not there");

            await KeepRunningAsync(new(program, Path.GetDirectoryName(Path.GetFullPath(program))!, ["dashboard"], settings.Environment), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The application ends.
        }
        catch (DashboardUnavailableException e)
        {
            _logger.LogWarning("There is no dashboard: {Reason}. The application runs on without it.", e.Message);
            await RefuseTelemetryAsync();
        }
        catch (Exception e)
        {
            _logger.LogError(e, "There is no dashboard. The application runs on without it.");
        }
    }

    /// Who was told to send telemetry, and finds nobody, tries again for ten seconds when it ends. A plain no is better.
    private async Task RefuseTelemetryAsync()
    {
        try
        {
            _refusal = await GrpcServer.StartAsync(settings.OtlpUrl.Port, Refuse, CancellationToken.None);
        }
        catch (IOException)
        {
            // Somebody else has the port: then somebody else answers.
        }

        static Task Refuse(HttpContext context)
        {
            new GrpcCall(context, context.RequestAborted).End(GrpcStatus.Unimplemented);
            return Task.CompletedTask;
        }
    }

    private async Task KeepRunningAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        for (var (pause, wasUp) = (FirstPause, false); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var lastError = string.Empty;
            await PublishAsync(s => s with { State = KnownResourceStates.Starting, StopTimeStamp = null, ExitCode = null });
            using var process = ChildProcess.Start(spec, watchdog, (line, isError) =>
            {
                loggers.Write(_resource.Name, line, isError);
                _output.LogDebug("{Line}", line);
                lastError = isError ? line.Trim() : lastError;
            });

            try
            {
                if (await IsUpAsync(process, cancellationToken))
                {
                    await PublishAsync(s => Snapshots.Running(s, _resource, spec, process.Id));
                    Announce(isFirst: !wasUp);
                    (pause, wasUp) = (FirstPause, true);
                }

                await process.Exited.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await process.StopAsync(Grace);
                throw;
            }

            var exitCode = await process.Exited;
            await PublishAsync(s => Snapshots.Finished(s, exitCode));
            _logger.LogWarning("The dashboard ended with exit code {ExitCode} and is started again. {LastError}", exitCode, lastError);
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }
    }

    private async Task<bool> IsUpAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        while (!process.HasExited)
        {
            try
            {
                using var response = await _client.GetAsync(new Uri(settings.PageUrl, "/login"), cancellationToken);

                // Somebody else's page on this port is not ours: then our process is about to end.
                await Task.WhenAny(process.Exited, Task.Delay(Poll, TimeProvider.System, cancellationToken));
                return !process.HasExited;
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            }
        }

        return false;
    }

    private void Announce(bool isFirst)
    {
        if (isFirst)
            _logger.LogInformation("Now listening on: {DashboardUrl}", settings.PageUrl.GetLeftPart(UriPartial.Authority));

        _logger.LogInformation("Login to the dashboard at {LoginUrl}", settings.LoginUrl);
    }

    private Task PublishAsync(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => notifications.PublishUpdateAsync(
        _resource,
        s => change(s with
        {
            ResourceType = "Executable",
            IsHidden = true,
            IconName = "ContentView",
            Urls = [new("http", settings.LoginUrl.ToString(), IsInternal: false) { DisplayProperties = new("Dashboard (http)", 1) }],
        }));

    /// The name of the AppHost's assembly, without the word.
    private string ApplicationName()
    {
        var name = environment.ApplicationName;
        var stem = name.EndsWith("AppHost", true, CultureInfo.InvariantCulture) ? name[..^"AppHost".Length].TrimEnd('.') : name;
        return stem.Length > 0 ? stem : name;
    }
}
