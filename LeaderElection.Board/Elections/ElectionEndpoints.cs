using System.Text.Json;
using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.History;
using LeaderElection.ServiceDefaults;

namespace LeaderElection.Board.Elections;

internal static class ElectionEndpoints
{
    private const int MostWatched = 64;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public static void MapElections(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/elections", (CandidateRoster roster) => Results.Json(roster.List(), JsonSerializerOptions.Web));
        endpoints.MapGet("/api/elections/stream", StreamAsync);
        // No harm in it: who has a stream's id, and only its reader was told it, says what that stream is to tell.
        endpoints.MapPost("/api/elections/stream/{id}/watch", Watch).RefuseForeignPages().WithRoutineRequests();
        endpoints.MapGet("/api/elections/{strategy}/{election}/timeline", Timeline);
        endpoints.MapGet("/api/figures", (CandidateRoster roster) => Results.Json(roster.Figures(), JsonSerializerOptions.Web));
    }

    /// <summary>
    /// Server-sent events: <c>elections</c>, the full list, at once and on every change. With <c>?ledger=true</c> also
    /// <c>ledger</c>, the name of an election whose ledger has changed. With <c>?changes=true</c> as <see cref="PageStream"/> says.
    /// </summary>
    private static async Task StreamAsync(
        HttpContext context, CandidateRoster roster, ChangeFeed feed, TimeProvider time, IHostApplicationLifetime lifetime, PageStream page,
        bool ledger = false, bool changes = false)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var subscription = feed.Subscribe();
        var events = new EventWriter(context.Response);
        try
        {
            if (changes)
                await page.WriteAsync(events, subscription, ended.Token);
            else
                await WriteListsAsync(events, roster, subscription, ledger, time, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client has gone, or the board is going.
        }
    }

    private static async Task WriteListsAsync(
        EventWriter events, CandidateRoster roster, ChangeSubscription subscription, bool ledger, TimeProvider time, CancellationToken ended)
    {
        var sent = await events.WriteAsync("elections", roster.List(), [], ended);
        while (true)
        {
            var changes = await events.NextAsync(subscription, EventWriter.KeepAlive, time, ended);
            if (changes.Elections.Count > 0)
                sent = await events.WriteAsync("elections", roster.List(), sent, ended);
            if (!ledger)
                continue;
            foreach (var election in changes.Ledgers)
                await events.WriteAsync("ledger", election, [], ended);
        }
    }

    private static IResult Watch(string id, string[] elections, ChangeFeed feed)
    {
        var keys = new HashSet<ElectionKey>();
        foreach (var text in elections)
        {
            if (!ElectionKey.TryParse(text, out var key))
                return ErrorBody.BadRequest("each election as STRATEGY/NAME");
            keys.Add(key);
        }
        if (keys.Count > MostWatched)
            return ErrorBody.BadRequest($"at most {MostWatched} elections");
        if (feed.Find(id) is not { } subscription)
            return ErrorBody.WithStatus(StatusCodes.Status404NotFound, "no such stream is open");
        subscription.Watch(keys);
        return Results.NoContent();
    }

    /// <summary>Who led when, as JSON, or with <c>format=text</c> for the terminal. <c>minutes</c>: how far back.</summary>
    private static IResult Timeline(string strategy, string election, CandidateRoster roster, TimeProvider time, string? minutes = null, string? format = null)
    {
        DateTimeOffset? since = null;
        if (minutes is not null)
        {
            if (!int.TryParse(minutes, out var back) || back < 1 || back > Longest.TotalMinutes)
                return ErrorBody.BadRequest($"minutes: a whole number, 1 to {Longest.TotalMinutes}");
            since = time.GetUtcNow() - TimeSpan.FromMinutes(back);
        }
        if (format is not (null or "json" or "text"))
            return ErrorBody.BadRequest("format: json or text");
        if (roster.Find(new ElectionKey(election, strategy), since) is not { Timeline: var timeline })
            return ErrorBody.WithStatus(StatusCodes.Status404NotFound, "the board knows no such election");
        return format == "text" ? Results.Text(TimelineText.Write(timeline)) : Results.Json(timeline, JsonSerializerOptions.Web);
    }
}
