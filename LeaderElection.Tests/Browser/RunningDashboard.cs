using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Browser;

/// <summary>The AppHost as <c>dotnet run</c> starts it, with its dashboard, and a browser.</summary>
public sealed class RunningDashboard : IAsyncLifetime
{
    private AppHostRun? _host;
    private Chromium? _browser;
    private Uri? _login;

    public async Task InitializeAsync()
    {
        _browser = await Chromium.LaunchAsync();
        // With a lease that a replica on a busy machine can keep.
        _host = AppHostRun.Start("--strategies", "file,redis", "--replicas", "3", "--lease-duration", "5s", "--stores", "native");
        await _host.WaitForStartAsync();
        var line = (await _host.Process.WaitForLineAsync("/login?t=", timeout: AppHostRun.StartLimit)).Text;
        _login = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        if (_host is not null)
            await _host.DisposeAsync();
    }

    /// <summary>A browser of its own, logged in.</summary>
    internal async Task<DashboardPage> LogInAsync()
    {
        var dashboard = new DashboardPage(await _browser!.OpenAsync(), _login!);
        await dashboard.LogInAsync();
        return dashboard;
    }
}
