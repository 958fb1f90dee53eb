using System.Reflection;
using System.Text.Json;
using Aspire.Hosting.StandIn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// Runs an AppHost's own entry point: held at Build until the test says so, then left to itself until it is stopped.
internal sealed class EntryPointRun(Assembly? appHost, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure) : IAsyncDisposable
{
    private readonly TaskCompletionSource<DistributedApplicationBuilder> _builder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _mayBuild = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _entryPoint = Task.CompletedTask;

    public Task Started => _started.Task;

    public async Task<IDistributedApplicationTestingBuilder> CreateBuilderAsync(CancellationToken cancellationToken)
    {
        var main = appHost?.EntryPoint ?? throw new InvalidOperationException($"Assembly {appHost} does not have an entry point.");
        _entryPoint = Task.Factory.StartNew(() => InvokeWithHooks(main), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _ = _entryPoint.ContinueWith(
            ended => Fail(ended.Exception?.InnerException ?? new InvalidOperationException("The entry point exited without running an application.")),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        return new EntryPointBuilder(this, await _builder.Task.WaitAsync(cancellationToken));
    }

    public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _mayBuild.TrySetResult(true);
        return await _built.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _mayBuild.TrySetResult(false);
        if (_built.Task.IsCompletedSuccessfully)
        {
            var application = await _built.Task;
            try
            {
                application.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            }
            catch (ObjectDisposedException)
            {
                // The entry point has ended by itself.
            }
        }

        try
        {
            await _entryPoint;
        }
        catch (Exception)
        {
            // Whoever waited for the application has been told.
        }
    }

    private int InvokeWithHooks(MethodInfo main)
    {
        EntryPointHooks.Current = new()
        {
            OnConstructing = Configure,
            OnConstructed = builder => _builder.TrySetResult(builder),
            OnBuilding = () =>
            {
                if (!_mayBuild.Task.GetAwaiter().GetResult())
                    throw new OperationCanceledException("The test ended before the application was built.");
            },
            OnBuilt = OnBuilt,
        };

        try
        {
            // An async Main has a synchronous entry point made by the compiler.
            return main.Invoke(null, main.GetParameters().Length == 0 ? [] : [args]) as int? ?? 0;
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            Fail(e.InnerException);
            return 1;
        }
    }

    private void Fail(Exception exception)
    {
        _builder.TrySetException(exception);
        _built.TrySetException(exception);
        _started.TrySetException(exception);

        // Nobody may be waiting any more.
        _ = (_builder.Task.Exception, _built.Task.Exception, _started.Task.Exception);
    }

    private void OnBuilt(DistributedApplication application)
    {
        application.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() => _started.TrySetResult());
        _built.TrySetResult(application);
    }

    /// The settings of Aspire's own testing builder: no dashboard, random ports, environment of the first launch profile;
    /// then those of the test.
    private void Configure(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.Args = [.. options.Args ?? [], .. args];
        options.AssemblyName = appHost?.GetName().Name;
        options.DisableDashboard = true;
        settings.Args = options.Args;
        settings.ApplicationName = options.AssemblyName;
        settings.Configuration ??= new();
        settings.Configuration.AddInMemoryCollection(LaunchProfile(appHost));
        settings.Configuration.AddInMemoryCollection([new("DcpPublisher:RandomizePorts", "true")]);
        settings.Configuration.AddCommandLine(options.Args);
        configure(options, settings);
    }

    private static Dictionary<string, string?> LaunchProfile(Assembly? appHost)
    {
        var values = new Dictionary<string, string?>();
        var file = Path.Combine(AppHostMetadata.ProjectDirectory(appHost) ?? string.Empty, "Properties", "launchSettings.json");
        if (!File.Exists(file))
            return values;

        using var json = JsonDocument.Parse(File.ReadAllText(file), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var profile = json.RootElement.GetProperty("profiles").EnumerateObject().First();
        if (!profile.Value.TryGetProperty("environmentVariables", out var variables))
            return values;

        foreach (var variable in variables.EnumerateObject())
        {
            values[variable.Name] = variable.Value.GetString();
            foreach (var prefix in (string[])["DOTNET_", "ASPNETCORE_"])
            {
                if (variable.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    values[variable.Name[prefix.Length..]] = variable.Value.GetString();
            }
        }

        return values;
    }
}
