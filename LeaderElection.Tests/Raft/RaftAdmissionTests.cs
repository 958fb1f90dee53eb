using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>A member without memory, new or with a lost disk, takes part only when it knows what it may have voted.</summary>
public sealed class RaftAdmissionTests
{
    private static readonly RaftConfiguration Configuration = RaftCluster.Configuration(0, RaftCluster.List(3));
    private readonly Guid _own = RaftCluster.NextStateId();
    private readonly Guid _first = RaftCluster.NextStateId();
    private readonly Guid _second = RaftCluster.NextStateId();
    private long _now = 1_000_000;

    [Fact]
    public void AllNew_TheyFoundACluster_AndElect()
    {
        var cluster = new RaftCluster(3);
        Assert.All(cluster.Members, m => Assert.Equal(cluster.Members[0]!.ClusterId, m!.ClusterId));
        cluster.Elect(0);
    }

    [Fact]
    public void LostDisk_IsLetInAgain_AndDoesNotDisturbTheLeader()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        var term = cluster.Term(0);
        cluster.Kill(1);
        cluster.LoseDisk(1);
        cluster.Start(1);
        cluster.RunUntil(() => cluster.Members[1]!.Find("e")?.Role is Follower { Leader.Id: "m0" });
        cluster.Advance(1000);
        Assert.Equal([0], cluster.Leaders());
        Assert.Equal(term, cluster.Term(0));
        // Its vote counts again.
        cluster.Kill(2);
        cluster.Advance(1000);
        Assert.Equal([0], cluster.Leaders());
        Assert.Empty(cluster.Outputs<Output.Lost>());
    }

    [Fact]
    public void LostDisk_OfTheOneThatVoted_NoSecondLeaderOfThatTerm()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        // The leader and its voter were the majority; now the voter forgets, and only one that knows nothing is within reach.
        cluster.Kill(1);
        cluster.Cut(0);
        cluster.LoseDisk(1);
        cluster.Start(1);
        cluster.Stand(1);
        cluster.Advance(3000);
        Assert.Empty(cluster.Leaders());
        Assert.False(cluster.Members[1]!.IsAdmitted);
        var term = cluster.Term(0);
        cluster.Heal();
        cluster.Stand(0);
        cluster.RunUntil(() => cluster.Leaders().Length == 1);
        Assert.True(cluster.Term(cluster.Leaders()[0]) > term);
    }

    [Fact]
    public void LostDisks_OfMoreThanAMinority_NobodyIsLetIn_AndOneLineSaysWhy()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        foreach (var member in new[] { 0, 1 })
        {
            cluster.Kill(member);
            cluster.LoseDisk(member);
        }
        cluster.Start(0);
        cluster.Start(1);
        cluster.Stand(0);
        cluster.Advance(3000);
        Assert.Empty(cluster.Leaders());
        Assert.StartsWith(
            "member m0 has no memory of its votes (its folder is new) and takes no part until it has links to all other members; 2 of 3 members have lost their memory, so that nobody can know what was voted: bring back the folder of one that has it",
            Assert.Single(cluster.Outputs<Output.NotAdmitted>(0)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Founder_ThatWasSlower_IsLetIn_AlthoughTheOthersHaveBegun()
    {
        var member = Fresh();
        Receive(member, "m1", Memory("m1", _first, Founded()));
        var outputs = Receive(member, "m2", Memory("m2", _second, Guid.Empty));
        Assert.Equal(Founded(), outputs.OfType<Output.Save>().Single().State.ClusterId);
    }

    [Fact]
    public void WithoutMemory_NothingIsAnswered_ButASignOfLife()
    {
        var member = Fresh();
        foreach (var message in new Message[] { new Message.Vote("e", 4, 0), new Message.PreVote("e", 4), new Message.Heartbeat(_first, 1, 1, 0, 1, [new("e", 4, "m1")]) })
            Assert.Equal(new Message.Probe(0, true), Assert.Single(Receive(member, "m1", message).OfType<Output.Send>(), s => s.Message is not Message.Recall).Message);
        Assert.Empty(member.Elections);
    }

    [Fact]
    public void LetIn_TermsAreTakenOver_WithNoVoteLeftInThem_AndOneTimeoutIsWaited()
    {
        var member = Fresh();
        var cluster = RaftCluster.ClusterId;
        Receive(member, "m1", Memory("m1", _first, cluster, new Message.InTerm("e", 4), new Message.InTerm("f", 9)));
        var save = Receive(member, "m2", Memory("m2", _second, cluster, new Message.InTerm("e", 7))).OfType<Output.Save>().Single();
        Assert.Equal([new("e", 7, "m0"), new("f", 9, "m0")], save.State.Votes.OrderBy(v => v.Election));
        Assert.False(member.IsAdmitted);
        member.Step(_now, new Input.Saved(save.Number));
        Assert.True(member.IsAdmitted);
        Assert.Equal(new Message.VoteReply("e", 7, 7, false), Sent(Receive(member, "m1", new Message.Vote("e", 7, 0))));
        _now += 149_000;
        Assert.Equal(new Message.PreVoteReply("e", 8, 7, false), Sent(Receive(member, "m1", new Message.PreVote("e", 8))));
        Assert.Equal(new Message.PreVoteReply("new", 1, 0, false), Sent(Receive(member, "m1", new Message.PreVote("new", 1))));
        _now += 1_000;
        Assert.Equal(new Message.PreVoteReply("e", 8, 7, true), Sent(Receive(member, "m1", new Message.PreVote("e", 8))));
    }

    [Fact]
    public void Asked_TheNewStateIsOnTheDiskBeforeTheAnswer_AndTheOldOneIsNotHeardAnyMore()
    {
        var member = Known();
        Receive(member, "m1", new Message.Heartbeat(_first, 5, 1, 0, 1, [new("e", 3, "m1")]));
        var outputs = Receive(member, "m1", new Message.Recall(_second));
        Assert.DoesNotContain(outputs, o => o is Output.Send);
        var save = outputs.OfType<Output.Save>().Single();
        Assert.Contains(new("m1", _second), save.State.Members);
        var answer = Assert.IsType<Message.Memory>(Sent(member.Step(_now, new Input.Saved(save.Number))));
        Assert.Equal((_second, _own, RaftCluster.ClusterId), (answer.Of, answer.StateId, answer.ClusterId));
        Assert.Equal([new("e", 3)], answer.Terms);
        // It may live on somewhere, and lead: who followed it stays true to it until its lease is over, but not longer.
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, false), Sent(Receive(member, "m2", new Message.PreVote("e", 4))));
        outputs = Receive(member, "m1", new Message.Heartbeat(_first, 5, 2, 1, 1, []));
        Assert.DoesNotContain(outputs, o => o is Output.Send);
        Assert.StartsWith("m1 comes with a state that has been replaced by a later one", outputs.OfType<Output.PeerRefused>().Single().Reason, StringComparison.Ordinal);
        _now += 150_000;
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, true), Sent(Receive(member, "m2", new Message.PreVote("e", 4))));
        // Nor does it come back.
        Assert.DoesNotContain(Receive(member, "m1", new Message.Recall(_first)), o => o is Output.Send);
    }

    [Fact]
    public void DeathOfTheOldProcess_IsNoNewsOfTheNewOne()
    {
        var member = Known();
        Receive(member, "m1", new Message.Heartbeat(_first, 5, 1, 0, 1, []));
        var save = Receive(member, "m1", new Message.Recall(_second)).OfType<Output.Save>().Single();
        member.Step(_now, new Input.Saved(save.Number));
        Receive(member, "m1", new Message.Heartbeat(_second, 1, 1, 0, 1, [new("e", 3, "m1")]));
        member.Step(_now, new Input.PeerDown("m1", new Life(_first, 5)));
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, false), Sent(Receive(member, "m2", new Message.PreVote("e", 4))));
        member.Step(_now, new Input.PeerDown("m1", new Life(_second, 1)));
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, true), Sent(Receive(member, "m2", new Message.PreVote("e", 4))));
    }

    [Fact]
    public void AnotherProcessWithALaterState_TheEarlierOneIsNotLetIn()
    {
        var member = Fresh();
        var outputs = Receive(member, "m1", new Message.Memory(_own, _first, RaftCluster.ClusterId, [new("m0", RaftCluster.NextStateId())], []));
        Assert.Contains("another process has taken its place with a later state, as m1 says", outputs.OfType<Output.NotAdmitted>().Single().Reason, StringComparison.Ordinal);
        Receive(member, "m2", Memory("m2", _second, RaftCluster.ClusterId));
        Assert.False(member.IsAdmitted);
    }

    private static Message Sent(IEnumerable<Output> outputs) => outputs.OfType<Output.Send>().Single().Message;

    private Guid Founded() => Admission.ClusterOf([new("m0", _own), new("m1", _first), new("m2", _second)]);

    private Message.Memory Memory(string of, Guid stateId, Guid cluster, params Message.InTerm[] terms) => new(_own, stateId, cluster, [new(of, stateId)], terms);

    private RaftMember Fresh() => Start(MemberState.Fresh(Configuration, _own));

    private RaftMember Known() => Start(new("test", "m0", 7, [new("e", 3, null)])
    {
        StateId = _own,
        ClusterId = RaftCluster.ClusterId,
        Members = [new("m0", _own), new("m1", _first), new("m2", default)],
    });

    private RaftMember Start(MemberState state)
    {
        var member = new RaftMember(Configuration, state, _now, new Random(1));
        var save = member.Step(_now, new Input.Tick()).OfType<Output.Save>().Single();
        member.Step(_now, new Input.Saved(save.Number));
        member.Step(_now, new Input.PeerUp("m1"));
        member.Step(_now, new Input.PeerUp("m2"));
        // Past the promises of the start.
        _now += 150_000;
        return member;
    }

    private IReadOnlyList<Output> Receive(RaftMember member, string from, Message message) =>
        member.Step(_now, new Input.Received(from, Configuration.Fingerprint, message));
}
