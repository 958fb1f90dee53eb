using System.Text;
using System.Text.Json;
using LeaderElection.Board.Candidates;

namespace LeaderElection.Board.Elections;

internal static class ElectionEndpoints
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>A stream sends no more often than this: many changes at once become one event.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static void MapElections(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/elections", (CandidateRoster roster) => Results.Json(roster.List(), JsonSerializerOptions.Web));
        endpoints.MapGet("/api/elections/stream", StreamAsync);
    }

    /// <summary>
    /// Server-sent events: <c>elections</c>, the full list, at once and on every change. With <c>?ledger=true</c> also
    /// <c>ledger</c>, the name of an election whose ledger has changed.
    /// </summary>
    private static async Task StreamAsync(
        HttpContext context, CandidateRoster roster, ChangeFeed feed, TimeProvider time, IHostApplicationLifetime lifetime, bool ledger = false)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var subscription = feed.Subscribe();
        try
        {
            var sent = await WriteListAsync(context.Response, roster, [], ended.Token);
            while (true)
            {
                await context.Response.Body.FlushAsync(ended.Token);
                await Task.Delay(Pause, time, ended.Token);
                var (elections, ledgers) = await subscription.WaitAsync(KeepAlive, time, ended.Token);
                if (elections)
                    sent = await WriteListAsync(context.Response, roster, sent, ended.Token);
                else if (ledgers.Count == 0)
                    await context.Response.WriteAsync(": keep-alive\n\n", ended.Token);
                if (ledger)
                {
                    foreach (var election in ledgers)
                        await context.Response.WriteAsync($"event: ledger\ndata: \"{election}\"\n\n", ended.Token);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client has gone, or the board is going.
        }
    }

    private static async Task<byte[]> WriteListAsync(HttpResponse response, CandidateRoster roster, byte[] sent, CancellationToken cancellationToken)
    {
        var list = JsonSerializer.SerializeToUtf8Bytes(roster.List(), JsonSerializerOptions.Web);
        if (list.AsSpan().SequenceEqual(sent))
            return sent;
        await response.Body.WriteAsync(EventHead, cancellationToken);
        await response.Body.WriteAsync(list, cancellationToken);
        await response.Body.WriteAsync(EventEnd, cancellationToken);
        return list;
    }

    private static ReadOnlyMemory<byte> EventHead { get; } = Encoding.ASCII.GetBytes("event: elections\ndata: ");

    private static ReadOnlyMemory<byte> EventEnd { get; } = Encoding.ASCII.GetBytes("\n\n");
}
