using System.Net.WebSockets;
using System.Text.Json;
using LeaderElection.Reports;
using LeaderElection.Telemetry;

namespace LeaderElection.Board.Candidates;

/// <summary>The WebSocket over which a process reports its candidates.</summary>
internal static partial class CandidateSocket
{
    /// <summary>How long a close frame may take to get out and be answered.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(1);

    public static void MapCandidates(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/api/candidates", AcceptAsync);

    private static async Task<IResult> AcceptAsync(
        HttpContext context, CandidateRoster roster, IHostApplicationLifetime lifetime, ILogger<CandidateRoster> logger)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            return ErrorBody.BadRequest("candidates report over a WebSocket; this was a plain request");
        // A browser lets any page open a socket to this machine, and names the page in Origin. Candidates are no pages.
        if (context.Request.Headers.Origin.Count > 0)
            return ErrorBody.WithStatus(StatusCodes.Status403Forbidden, "web pages may not report candidates");

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var connection = new object();
        try
        {
            var reading = ReadAsync(socket, connection, roster, context.RequestAborted);
            var stopping = new TaskCompletionSource();
            await using var registration = lifetime.ApplicationStopping.Register(stopping.SetResult);
            var (status, reason) = await Task.WhenAny(reading, stopping.Task) == reading
                ? await reading
                : (WebSocketCloseStatus.EndpointUnavailable, "the board is shutting down");
            roster.Disconnect(connection);
            if (status is not (WebSocketCloseStatus.NormalClosure or WebSocketCloseStatus.EndpointUnavailable))
            {
                ElectionTelemetry.Refused("candidate report");
                LogRefused(logger, reason);
            }
            await CloseAsync(socket, status, reason, reading);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The peer is gone without a goodbye: killed, or cut off.
        }
        finally
        {
            roster.Disconnect(connection);
        }
        return Results.Empty;
    }

    /// <summary>Takes in reports until the peer closes, or sends one that is not accepted.</summary>
    /// <returns>How to close, and why.</returns>
    private static async Task<(WebSocketCloseStatus Status, string Reason)> ReadAsync(
        WebSocket socket, object connection, CandidateRoster roster, CancellationToken cancellationToken)
    {
        // One byte more than allowed tells a full message from one that is too long.
        var buffer = new byte[CandidateReport.MaxBytes + 1];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
                return (WebSocketCloseStatus.NormalClosure, "");
            if (received.MessageType != WebSocketMessageType.Text)
                return (WebSocketCloseStatus.InvalidMessageType, "a report is a text message");
            length += received.Count;
            if (length > CandidateReport.MaxBytes)
                return (WebSocketCloseStatus.MessageTooBig, $"a report has at most {CandidateReport.MaxBytes} bytes");
            if (!received.EndOfMessage)
                continue;
            CandidateReport report;
            try
            {
                report = CandidateReport.Parse(buffer.AsSpan(0, length));
            }
            catch (JsonException exception)
            {
                return (WebSocketCloseStatus.InvalidPayloadData, Shorten($"not a report: {exception.Message.Replace(typeof(CandidateReport).FullName!, "report", StringComparison.Ordinal)}"));
            }
            if ((ReportRules.Explain(report) ?? roster.Report(connection, report)) is { } problem)
                return (WebSocketCloseStatus.PolicyViolation, problem);
            length = 0;
        }
    }

    private static async Task CloseAsync(
        WebSocket socket, WebSocketCloseStatus status, string reason, Task reading)
    {
        // By the real clock: this is about the network, not about any election.
        using var limit = new CancellationTokenSource(CloseTime, TimeProvider.System);
        await socket.CloseOutputAsync(status, reason, limit.Token);
        // Read on until the peer has answered: a connection closed on unread data is reset, and the reason lost with it.
        if (reading.IsCompleted)
            await DrainAsync(socket, limit.Token);
        else
            await reading.WaitAsync(limit.Token);
    }

    private static async Task DrainAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        while (socket.State is WebSocketState.Open or WebSocketState.CloseSent)
            await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
    }

    /// <summary>A close frame has room for 123 bytes.</summary>
    private static string Shorten(string reason)
    {
        var ascii = string.Concat(reason.Select(c => char.IsAscii(c) && !char.IsControl(c) ? c : ' '));
        return ascii.Length <= 123 ? ascii : ascii[..123];
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "Closed a candidate's connection: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);
}
