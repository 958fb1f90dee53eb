using System.Net;
using System.Net.NetworkInformation;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.Configuration;

namespace LeaderElection.Tests.StandIns;

/// With the real dashboard, which npm brings where it is not on the machine yet.
[Collection("App")]
public sealed class DashboardTests : IDisposable
{
    private const string Dashboard = "aspire-dashboard";

    // The first run fetches more than a hundred megabytes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _timeout = new(Patience, TimeProvider.System);
    private readonly TemporaryFolder _data = new();

    private CancellationToken Timeout => _timeout.Token;

    public void Dispose()
    {
        _timeout.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Dashboard_Killed_IsStartedAgainAndReconnects()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = TestApplication.CreateBuilder(withDashboard: true);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var first = await app.ResourceNotifications.WaitForResourceAsync(Dashboard, IsRunning, Timeout);
        await ConnectAsync(builder.Configuration);

        System.Diagnostics.Process.GetProcessById(ProcessId(first)).Kill();
        var second = await app.ResourceNotifications.WaitForResourceAsync(Dashboard, e => IsRunning(e) && ProcessId(e) != ProcessId(first), Timeout);
        await ConnectAsync(builder.Configuration);

        Assert.Equal(first.Snapshot.Urls.Single().Url, second.Snapshot.Urls.Single().Url);
        Assert.True(second.Snapshot.IsHidden);
        await app.StopAsync(Timeout);
        await Eventually.TrueAsync(() => !ProcessTable.IsAlive(ProcessId(second)), "the end of the dashboard");
    }

    [Fact]
    public async Task Page_TokenOfThisRun_LogsIn()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = TestApplication.CreateBuilder(withDashboard: true);
        builder.AddEcho("echo");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var dashboard = await app.ResourceNotifications.WaitForResourceAsync(Dashboard, IsRunning, Timeout);
        var login = new Uri(dashboard.Snapshot.Urls.Single().Url);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("echo", Timeout);
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

        using var right = await browser.GetAsync(login, Timeout);
        using var wrong = await browser.GetAsync(new Uri(login, "/login?t=wrong"), Timeout);
        app.ResourceNotifications.TryGetCurrentState("echo", out var echo);
        var environment = echo!.Snapshot.EnvironmentVariables.ToDictionary(variable => variable.Name, variable => variable.Value);

        Assert.Equal(HttpStatusCode.Redirect, right.StatusCode);
        Assert.Contains(right.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith(".Aspire.Dashboard.Auth", StringComparison.Ordinal));
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
        Assert.Equal($"/login?t={builder.Configuration["AppHost:BrowserToken"]}", login.PathAndQuery);
        Assert.Equal(builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"], environment["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("grpc", environment["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal($"x-otlp-api-key={builder.Configuration["AppHost:OtlpApiKey"]}", environment["OTEL_EXPORTER_OTLP_HEADERS"]);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task AppHosts_TwoAtOnceOnAnEmptyCache_FetchItOnce()
    {
        if (!StandIn.IsUsed)
            return;

        await using var one = Start("one", new() { ["XDG_CACHE_HOME"] = _data.Path });
        await using var two = Start("two", new() { ["XDG_CACHE_HOME"] = _data.Path });

        await one.WaitForLineAsync("Login to the dashboard at http://localhost:", timeout: Patience);
        await two.WaitForLineAsync("Login to the dashboard at http://localhost:", timeout: Patience);

        Assert.Single(one.StandardOutput.Concat(two.StandardOutput), line => line.Contains("Fetching the dashboard", StringComparison.Ordinal));
        Assert.Equal(2, Directory.GetFileSystemEntries(Path.Combine(_data.Path, "leader-election", "aspire-dashboard")).Length);
        await EndAsync(one);
        await EndAsync(two);
    }

    [Fact]
    public async Task AppHost_WithoutNpm_SaysSoAndRunsOn()
    {
        if (!StandIn.IsUsed || !OperatingSystem.IsLinux())
            return;

        await using var host = Start("one", new() { ["XDG_CACHE_HOME"] = _data.Path, ["PATH"] = PathWith("sleep", "grep") });

        await host.WaitForLineAsync("There is no dashboard: npm is missing");
        await host.WaitForLineAsync("Distributed application started");
        await EndAsync(host);
    }

    [Fact]
    public async Task AppHost_PackageIsNotTheExpectedOne_RefusesItAndRunsOn()
    {
        if (!StandIn.IsUsed || !OperatingSystem.IsLinux())
            return;

        var tools = PathWith("sleep", "grep");
        var npm = Path.Combine(tools, "npm");
        await File.WriteAllTextAsync(npm, "#!/bin/sh\necho evil > evil.tgz\necho sha512-otherwise\n", Timeout);
        File.SetUnixFileMode(npm, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var host = Start("one", new() { ["XDG_CACHE_HOME"] = _data.Path, ["PATH"] = tools });

        await host.WaitForLineAsync("is not the expected one");
        await host.WaitForLineAsync("Distributed application started");

        // The lock file alone is left.
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(_data.Path, "leader-election", "aspire-dashboard")));
        await EndAsync(host);
    }

    private static int ProcessId(ResourceEvent e) => (int)e.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value!;

    private static bool IsRunning(ResourceEvent e) => e.Snapshot.State?.Text == KnownResourceStates.Running;

    /// With the first telemetry the dashboard connects to the resource service; nobody else has its address.
    private async Task ConnectAsync(IConfiguration configuration)
    {
        using var sender = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var nothing = new ByteArrayContent([]);
        nothing.Headers.ContentType = new("application/x-protobuf");
        sender.DefaultRequestHeaders.Add("x-otlp-api-key", configuration["AppHost:OtlpApiKey"]);
        using var answer = await sender.PostAsync($"{configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"]}/v1/traces", nothing, Timeout);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        var port = new Uri(configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]!).Port;
        await Eventually.TrueAsync(
            () => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
                .Any(connection => connection.State == TcpState.Established && connection.RemoteEndPoint.Port == port),
            "a connection of the dashboard");
    }

    private static async Task EndAsync(ChildProcess host)
    {
        host.Terminate();
        await host.WaitForExitAsync();
    }

    private ChildProcess Start(string name, Dictionary<string, string?> environment) => AppHostRun.Start(environment, "--data-dir", _data.File(name));

    /// A folder with these programs and no others.
    private string PathWith(params string[] programs)
    {
        var folder = Directory.CreateDirectory(_data.File("tools")).FullName;
        foreach (var program in programs)
            File.CreateSymbolicLink(Path.Combine(folder, program), Path.Combine("/bin", program));

        return folder;
    }
}
