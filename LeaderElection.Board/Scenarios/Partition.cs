using LeaderElection.Board.Actions;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Reports;

namespace LeaderElection.Board.Scenarios;

internal sealed class Partition() : Scenario(
    "partition", "Network partition",
    "The leader is cut off from its store, and another leads. With Raft a minority with the leader in it is cut off first; then a majority is lost, and nobody leads until it heals.")
{
    /// <summary>For how long nobody may lead without a majority, to be believed: many election timeouts.</summary>
    private static readonly TimeSpan WithoutMajority = TimeSpan.FromSeconds(3);

    public override async Task RunAsync(Stage stage)
    {
        var leader = await stage.BeginAsync(candidates: 2);
        if (stage.Now.Pulse.Members is { Count: > 0 })
            await CutOffMembersAsync(stage);
        else
            await CutOffFromStoreAsync(stage, leader);
        stage.CheckTerms();
    }

    private static async Task CutOffFromStoreAsync(Stage stage, LeaderView old)
    {
        stage.Say($"cut {old.Candidate} off from its store");
        // With an end of its own, should nobody be left to heal it.
        await stage.ActAsync(old.Candidate, new ReplicaAction(ReplicaAction.CutOff, stage.Patience));
        stage.HealLater(old.Candidate);
        await stage.NextLeaderAsync(old.FencingToken, leader => leader.Candidate != old.Candidate);
        await stage.MendAsync();
        await stage.UntilAsync(
            $"a leader, and {old.Candidate} to follow",
            now => now.Leader is not null && now.Candidate(old.Candidate)?.Role == CandidateReport.Follower,
            2 * stage.Patience);
        stage.Say($"{old.Candidate} follows");
    }

    private static async Task CutOffMembersAsync(Stage stage)
    {
        var start = await stage.UntilAsync(
            "all members to be connected to each other",
            now => now.Leader is { } leader && now.Pulse.Members?.ContainsKey(leader.Candidate) == true && AllConnected(now));
        var old = start.Leader!;
        var members = start.Pulse.Members!;
        // The leader, and as many with it as are still fewer than a majority.
        var minority = members.Keys.OrderByDescending(one => one == old.Candidate).Take((members.Count - 1) / 2).ToArray();
        var majority = members.Keys.Except(minority).ToArray();
        stage.Say($"cut off a minority: {string.Join(", ", minority)} from {string.Join(", ", majority)}");
        await CutOffAsync(minority, majority);
        await CutOffAsync(majority, minority);
        var next = await stage.NextLeaderAsync(old.FencingToken, leader => majority.Contains(leader.Candidate));
        await stage.UntilAsync($"{old.Candidate} to lead no more", now => now.Candidate(old.Candidate)?.Role != CandidateReport.Leader);
        await HealAsync();
        var healed = await stage.UntilAsync("a leader", now => now.Leader is not null);

        // Each by itself, so that those who are left are fewer than a majority.
        var lost = members.Keys.OrderByDescending(one => one == healed.Leader!.Candidate).Take((members.Count + 1) / 2).ToArray();
        stage.Say($"a majority is lost: {string.Join(", ", lost)} are cut off from all");
        await CutOffAsync(lost, []);
        await stage.UntilAsync("nobody to lead", now => now.Leader is null);
        stage.Say("nobody leads");
        await stage.StaysAsync("somebody led without a majority", now => now.Leader is null, WithoutMajority);
        stage.Say($"nobody led without a majority for {WithoutMajority.TotalSeconds:0} s");
        await HealAsync();
        await stage.NextLeaderAsync(next.FencingToken);

        async Task CutOffAsync(IEnumerable<string> whom, IEnumerable<string> from)
        {
            var names = from.Select(one => members[one].Member).ToArray();
            foreach (var candidate in whom)
            {
                stage.HealLater(candidate);
                await stage.ActAsync(candidate, new ReplicaAction(ReplicaAction.CutOff, stage.Patience, names));
            }
        }

        async Task HealAsync()
        {
            await stage.MendAsync();
            await stage.UntilAsync("all members to be connected again", AllConnected, 2 * stage.Patience);
            stage.Say("all members are connected again");
        }
    }

    private static bool AllConnected(ElectionSnapshot now) =>
        now.Pulse.Members is { Count: > 2 } members
        && members.Values.All(member => member.Peers.Count == members.Count - 1 && member.Peers.All(peer => peer is { IsConnected: true, IsCutOff: false }));
}
