using LeaderElection.Board.History;

namespace LeaderElection.Board.Scenarios;

internal sealed class RollingRestart() : Scenario(
    "rolling-restart", "Rolling restart",
    "Each replica is restarted in turn, the leader last. It hands over before it stops, so that there is hardly ever nobody who leads.")
{
    private static readonly TimeSpan ShortEnough = TimeSpan.FromSeconds(5);

    public override bool NeedsOperator => true;

    public override async Task RunAsync(Stage stage)
    {
        var first = await stage.BeginAsync(candidates: 2);
        var terms = stage.Terms[^1].Number;
        foreach (var replica in Stage.Live(stage.Now).OrderBy(one => one.Candidate == first.Candidate).ToArray())
        {
            stage.Say($"restart {replica.Candidate}");
            stage.StartLater(replica.Candidate);
            await stage.ActAsync(replica.Candidate, new("restart"));
            await stage.UntilAsync(
                $"{replica.Candidate} to be back",
                now => now.Candidate(replica.Candidate) is { } back && back.IsLive() && back.Pid != replica.Pid);
            var now = await stage.UntilAsync("a leader", now => now.Leader is not null);
            stage.Say($"{replica.Candidate} is back; {now.Leader!.Candidate} leads with token {now.Leader.FencingToken}");
        }

        var longest = stage.Terms.Where(term => term.Number > terms).Select(term => term.GapBefore ?? 0).DefaultIfEmpty().Max();
        var limit = stage.Lease > ShortEnough ? stage.Lease : ShortEnough;
        if (longest > limit.TotalMilliseconds)
            throw Stage.Failure($"nobody led for {TimelineText.Length(longest)}; a hand-over does not wait for a lease to run out");
        stage.Say($"leadership changed {stage.Terms.Count - 1} time(s); the longest gap was {TimelineText.Length(longest)}");
        stage.CheckTerms();
    }
}
