using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;

namespace LeaderElection.Board.Elections;

/// <summary>
/// The events of <c>/api/elections/stream?changes=true</c>, made for thousands of elections: <c>board</c> (the stream's
/// id, what is offered), <c>elections</c> (the full list, once), then <c>changed</c> (those elections that have changed)
/// and <c>figures</c>. Of the elections that the reader watches also <c>pulse</c> (lease and members), <c>timeline</c>
/// and <c>ledger</c>, which tell what to read anew.
/// </summary>
internal sealed class PageStream(CandidateRoster roster, Operator operators, IHostEnvironment environment, TimeProvider time)
{
    private static readonly TimeSpan FiguresPause = TimeSpan.FromSeconds(1);

    public async Task WriteAsync(EventWriter events, ChangeSubscription subscription, CancellationToken ended)
    {
        await WriteBoardAsync();
        await events.WriteAsync("elections", roster.List(), [], ended);
        var figures = await events.WriteAsync("figures", roster.Figures(), [], ended);
        var figuresAt = time.GetTimestamp();
        var figuresDue = false;
        while (true)
        {
            var wait = figuresDue ? FiguresPause - time.GetElapsedTime(figuresAt) : EventWriter.KeepAlive;
            var changes = await events.NextAsync(subscription, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, ended);
            if (changes.Board)
                await WriteBoardAsync();
            if (changes.Elections.Count > 0)
                await events.WriteAsync("changed", roster.Views(changes.Elections), [], ended);
            if (changes.Pulses.Count > 0)
                await events.WriteAsync("pulse", roster.Pulses(changes.Pulses), [], ended);
            foreach (var election in changes.Timelines.Where(subscription.IsWatched))
                await events.WriteAsync("timeline", election.ToString(), [], ended);
            foreach (var election in changes.Ledgers.Where(subscription.WatchesLedgerOf))
                await events.WriteAsync("ledger", election, [], ended);
            figuresDue |= changes.Timelines.Count > 0;
            if (figuresDue && time.GetElapsedTime(figuresAt) >= FiguresPause)
            {
                figures = await events.WriteAsync("figures", roster.Figures(), figures, ended);
                (figuresAt, figuresDue) = (time.GetTimestamp(), false);
            }
        }

        Task WriteBoardAsync() => events.WriteAsync(
            "board", new { Stream = subscription.Id, Actions = environment.IsDevelopment(), Operator = operators.IsConnected }, [], ended);
    }
}
