using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Browser;

/// <summary>The AppHost as <c>dotnet run</c> starts it, with its dashboard, and a browser.</summary>
public sealed class RunningDashboard : IAsyncLifetime
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    private readonly TemporaryFolder _folder = new();
    private ChildProcess? _host;
    private Chromium? _browser;
    private Uri? _login;

    public async Task InitializeAsync()
    {
        _browser = await Chromium.LaunchAsync();
        // What the launch profile "http" sets, on free ports; with a lease that a replica on a busy machine can keep.
        _host = ChildProcess.StartProject(
            "LeaderElection.AppHost",
            ["--strategies", "file,redis", "--replicas", "3", "--lease-duration", "5s", "--board-port", "0", "--data-dir", _folder.Path],
            [
                new("DOTNET_ENVIRONMENT", "Development"),
                new("ASPNETCORE_ENVIRONMENT", "Development"),
                new("ASPNETCORE_URLS", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", $"http://localhost:{FreePort.Next()}"),
                new("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
            ],
            Path.GetDirectoryName(BuildOutput.Of("LeaderElection.AppHost")));
        await _host.WaitForLineAsync("  Board ", timeout: StartLimit);
        var line = _host.StandardOutput.FirstOrDefault(l => l.StartsWith("  Dashboard ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"The AppHost started without a dashboard. {_host.Describe()}");
        _login = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_host is not null)
        {
            _host.Terminate();
            await _host.WaitForExitAsync(StopLimit);
            await _host.DisposeAsync();
        }
        _folder.Dispose();
    }

    /// <summary>A browser of its own, logged in.</summary>
    internal async Task<DashboardPage> LogInAsync()
    {
        var dashboard = new DashboardPage(await _browser!.OpenAsync(), _login!);
        await dashboard.LogInAsync();
        return dashboard;
    }
}
