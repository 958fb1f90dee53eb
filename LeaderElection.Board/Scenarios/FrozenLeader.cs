using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Reports;

namespace LeaderElection.Board.Scenarios;

internal sealed class FrozenLeader() : Scenario(
    "frozen-leader", "Frozen leader",
    "The leader is frozen beyond its lease. Another leads; when the old one thaws, a late write under its token is refused by the ledger.")
{
    /// <summary>How long the old leader is given to make its late write by itself.</summary>
    private static readonly TimeSpan LateWrite = TimeSpan.FromSeconds(3);

    public override async Task RunAsync(Stage stage)
    {
        var old = await stage.BeginAsync(candidates: 2);
        // Longer than all that follows; it is healed before.
        var freeze = stage.Patience;
        stage.Say($"freeze {old.Candidate}, whose lease lasts {stage.Lease.TotalSeconds:0.###} s");
        await stage.ActAsync(old.Candidate, new ReplicaAction(ReplicaAction.Freeze, freeze));
        stage.HealLater(old.Candidate);
        var next = await stage.NextLeaderAsync(old.FencingToken, leader => leader.Candidate != old.Candidate);
        await stage.UntilLedgerHasSeenAsync(next.FencingToken);
        stage.Say($"the ledger has seen token {next.FencingToken}");

        await stage.MendAsync();
        await stage.UntilAsync(
            $"{old.Candidate} to follow", now => now.Candidate(old.Candidate)?.Role == CandidateReport.Follower, freeze + stage.Patience);
        stage.Say($"{old.Candidate} follows");
        try
        {
            await stage.UntilAsync("its late write", now => stage.WasRefused(now, old.FencingToken), LateWrite);
            stage.Say($"the late write of {old.Candidate} under token {old.FencingToken} was refused by the ledger");
        }
        catch (ScenarioFailedException)
        {
            // It noticed in time that its term was over. What a network may still have delivered of it is sent in its place.
            stage.Say($"{old.Candidate} stopped by itself and wrote nothing late; a late write under its token {old.FencingToken} is sent in its place");
            if ((await stage.WriteAsync(old.Candidate, old.FencingToken, "a late write of the frozen leader")).Sequence is not null)
                throw Stage.Failure($"the ledger accepted a late write under token {old.FencingToken}, though it has seen {next.FencingToken}");
            await stage.UntilAsync("the refusal on the timeline", now => stage.WasRefused(now, old.FencingToken));
            stage.Say("it was refused by the ledger");
        }
        stage.CheckTerms();
    }
}
