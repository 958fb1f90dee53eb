using System.Net.WebSockets;
using LeaderElection.Board.Candidates;
using LeaderElection.Reports;
using LeaderElection.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Worker;

/// <summary>Takes the reports of workers where a board would, and keeps them all.</summary>
internal sealed class ReportCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<CandidateReport> _reports = [];

    private ReportCollector(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public static async Task<ReportCollector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var collector = new ReportCollector(app);
        app.UseWebSockets();
        app.Map("/api/candidates", async (Microsoft.AspNetCore.Http.HttpContext context) =>
            await collector.ReceiveAsync(await context.WebSockets.AcceptWebSocketAsync(), app.Lifetime.ApplicationStopping));
        await app.StartAsync();
        return collector;
    }

    /// <summary>Waits for a report, among those that have come already too.</summary>
    public Task<CandidateReport> WaitForAsync(Func<CandidateReport, bool> condition, string what) =>
        WaitForAsync((_, report) => condition(report), what);

    /// <param name="condition">Given the number of reports that came before, and a report.</param>
    /// <param name="what">What is waited for.</param>
    public async Task<CandidateReport> WaitForAsync(Func<int, CandidateReport, bool> condition, string what)
    {
        var found = await Eventually.GetAsync(
            () => Task.FromResult(Reports.Index().FirstOrDefault(one => condition(one.Index, one.Item)).Item), report => report is not null, what);
        return found!;
    }

    public IReadOnlyList<CandidateReport> Reports
    {
        get { lock (_reports) return [.. _reports]; }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(WebSocket socket, CancellationToken stopping)
    {
        var buffer = new byte[CandidateReport.MaxBytes];
        try
        {
            while (await socket.ReceiveAsync(buffer, stopping) is { MessageType: WebSocketMessageType.Text } message)
            {
                var report = CandidateReport.Parse(buffer.AsSpan(0, message.Count));
                lock (_reports)
                    _reports.Add(report);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The worker was killed, or the test is over.
        }
    }
}
