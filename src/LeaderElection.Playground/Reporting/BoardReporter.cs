using System.Net.WebSockets;
using LeaderElection.Hosting;
using LeaderElection.Playground.Status;
using LeaderElection.Reports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Playground.Reporting;

/// <summary>Tells the board how the candidate stands: at every change, and once a second or more often while it leads or is a member of a raft cluster.</summary>
internal sealed partial class BoardReporter(
    CandidatePulse pulse, PlaygroundSettings settings, OwnAddress address, RaftMember raft, IHostEnvironment environment, TimeProvider time,
    ILogger<BoardReporter> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await address.Started;
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            var start = time.GetTimestamp();
            try
            {
                using var socket = new ClientWebSocket();
                await ConnectAsync(socket, stoppingToken);
                await ReportAsync(socket, stoppingToken);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
            {
                // The board is optional: without it the election goes on.
                LogUnreachable(logger, settings.Board!, e.Message);
            }
            // A board that takes the call and hangs up is no better than one that does not answer.
            pause = time.GetElapsedTime(start) > LongestPause ? ShortestPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble() / 2), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ConnectAsync(ClientWebSocket socket, CancellationToken stoppingToken)
    {
        var endpoint = new UriBuilder(settings.Board!)
        {
            Scheme = settings.Board!.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs,
            Path = "/api/candidates",
        };
        using var late = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, late.Token);
        await socket.ConnectAsync(endpoint.Uri, stop.Token);
    }

    /// <summary>Reports until the candidate has withdrawn, or the board is gone.</summary>
    private async Task ReportAsync(ClientWebSocket socket, CancellationToken stopping)
    {
        using var gone = new CancellationTokenSource();
        var listening = ListenAsync(socket, gone);
        try
        {
            await foreach (var (status, isTick) in pulse.BeatsAsync(Interval, stopping, gone.Token))
            {
                if (pulse.Known is not { } candidate)
                    break;
                var member = raft.Report(candidate.Election);
                if (!isTick || member is not null || status is { Role: CandidateRole.Leader })
                    await socket.SendAsync(Report(candidate, status, member).ToUtf8Json(), WebSocketMessageType.Text, endOfMessage: true, gone.Token);
            }
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, gone.Token);
        }
        finally
        {
            // Waiting for the board's goodbye is not worth a slower stop.
            socket.Abort();
            await listening;
        }
    }

    /// <summary>The board believes a leader for what was left of its lease, so a short lease is told of more often.</summary>
    internal static TimeSpan Interval(CandidateStatus? status) => status?.LeaseDuration / 4 is { } quarter && quarter < CandidatePulse.Second
        ? TimeSpan.FromTicks(Math.Max(quarter.Ticks, ShortestInterval.Ticks))
        : CandidatePulse.Second;

    /// <summary>The board says nothing but goodbye.</summary>
    private async Task ListenAsync(ClientWebSocket socket, CancellationTokenSource gone)
    {
        try
        {
            var received = await socket.ReceiveAsync(new byte[256], CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close && socket.CloseStatus is not (WebSocketCloseStatus.NormalClosure or WebSocketCloseStatus.EndpointUnavailable))
                LogRefused(logger, settings.Board!, socket.CloseStatusDescription);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
        }
        await gone.CancelAsync();
    }

    private CandidateReport Report(CandidateStatus candidate, CandidateStatus? status, RaftReport? member) => new()
    {
        Election = candidate.Election,
        Strategy = candidate.Strategy,
        Candidate = candidate.CandidateId,
        Role = ElectionEndpoint.Role(status),
        FencingToken = status?.FencingToken,
        Since = status?.Since,
        LeaseRemaining = ElectionEndpoint.Seconds(status?.LeaseRemaining),
        Url = address.Url,
        Pid = Environment.ProcessId,
        LeaseDuration = ElectionEndpoint.Seconds(status?.LeaseDuration),
        EndReason = pulse.LatestEnd switch
        {
            LeadershipEnd.Resigned => "resigned",
            LeadershipEnd.LeaseRanOut => "lease ran out",
            LeadershipEnd.Superseded => "superseded",
            _ => null,
        },
        Actions = [.. Actions(member is not null)],
        Raft = member,
    };

    private IEnumerable<string> Actions(bool isRaft)
    {
        IEnumerable<string> always = isRaft ? ["resign", "transfer"] : ["resign"];
        return environment.IsDevelopment() ? [.. always, "crash", "freeze", "cut-off", "heal"] : always;
    }

    [LoggerMessage(10, LogLevel.Debug, "the board at {Board} is out of reach: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, Uri board, string reason);

    [LoggerMessage(11, LogLevel.Warning, "the board at {Board} does not accept reports: {Reason}")]
    private static partial void LogRefused(ILogger logger, Uri board, string? reason);
}
