using LeaderElection.Board.Actions;

namespace LeaderElection.Board.Scenarios;

internal sealed class LeaderFailure() : Scenario(
    "leader-failure", "Leader failure", "The leader's process is killed. Another candidate leads; the killed one is started again.")
{
    public override async Task RunAsync(Stage stage)
    {
        var old = await stage.BeginAsync(candidates: 2);
        stage.Say($"crash {old.Candidate}");
        await stage.ActAsync(old.Candidate, new ReplicaAction(ReplicaAction.Crash));
        stage.StartLater(old.Candidate);
        await stage.UntilAsync($"{old.Candidate} to be gone", now => now.Leader?.FencingToken != old.FencingToken);
        await stage.NextLeaderAsync(old.FencingToken);
        if (stage.HasOperator)
        {
            await stage.MendAsync();
            await stage.UntilAsync($"{old.Candidate} to campaign again", now => now.Candidate(old.Candidate)?.IsLive() == true);
            stage.Say($"{old.Candidate} campaigns again");
        }
        stage.CheckTerms();
    }
}
