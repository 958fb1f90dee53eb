using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>Single rules, seen on one member whose inputs the test makes.</summary>
public sealed class RaftRulesTests
{
    private static readonly MemberList List = RaftCluster.List(3);
    private static readonly RaftConfiguration Configuration = RaftCluster.Configuration(0, List);
    private long _now = 1_000_000;

    [Fact]
    public void SplitVote_IsRepeatedInTurn_WithoutATimeout()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        var term = cluster.Term(0);
        cluster.Kill(0, isNoticed: true);
        // Both survivors stand at the same instant, and vote for themselves.
        for (var i = 1; i < 3; i++)
            cluster.Step(i, new Input.Received("m0", cluster.Members[i]!.Configuration.Fingerprint, new Message.TimeoutNow("e", term, false)));
        Assert.Equal([term + 1, term + 1], [cluster.Term(1), cluster.Term(2)]);
        Assert.InRange(cluster.RunUntil(() => cluster.Leaders().Length == 1), 0, RaftCluster.TimeoutMin.TotalMilliseconds / 2);
        Assert.Equal(term + 2, cluster.Term(cluster.Leaders()[0]));
    }

    [Fact]
    public void Vote_IsAnsweredOnlyOnceItIsOnTheDisk()
    {
        var member = Start(Known(term: 3));
        Pass(150);
        var outputs = Receive(member, "m1", new Message.Vote("e", 4, 0));
        Assert.DoesNotContain(outputs, o => o is Output.Send);
        var save = Assert.Single(outputs.OfType<Output.Save>());
        Assert.Equal([new("e", 4, "m1")], save.State.Votes);
        Assert.Equal(new Message.VoteReply("e", 4, 4, true), Sent(member.Step(_now, new Input.Saved(save.Number))));
    }

    [Fact]
    public void Vote_IsGivenOncePerTerm_AlsoAcrossARestart()
    {
        var member = Start(Known(term: 4, votedFor: "m1"));
        Pass(150);
        Assert.Equal(new Message.VoteReply("e", 4, 4, false), Sent(Receive(member, "m2", new Message.Vote("e", 4, 0))));
        Assert.Equal(new Message.VoteReply("e", 4, 4, true), Sent(Receive(member, "m1", new Message.Vote("e", 4, 0))));
    }

    [Fact]
    public void Candidate_WithVotesEnough_LeadsOnlyOnceItsOwnIsOnTheDisk()
    {
        var configuration = RaftCluster.Configuration(0, RaftCluster.List(5));
        var member = Start(Known(term: 3), configuration);
        member.Step(_now, new Input.PeerUp("m3"));
        member.Step(_now, new Input.Stand("e", "a"));
        member.Step(_now, new Input.Received("m1", configuration.Fingerprint, new Message.TimeoutNow("e", 3, false)));
        foreach (var voter in new[] { "m1", "m2", "m3" })
            member.Step(_now, new Input.Received(voter, configuration.Fingerprint, new Message.VoteReply("e", 4, 4, true)));
        Assert.IsType<Candidate>(member.Find("e")!.Role);
        member.Step(_now, new Input.Saved(2));
        Assert.IsType<Leader>(member.Find("e")!.Role);
    }

    [Fact]
    public void Candidate_WhoseDiskHangs_StandsForNoFurtherTerm()
    {
        var member = Start(Known(term: 3));
        Answer(member, member.Step(_now, new Input.Stand("e", "a")));
        Pass(210);
        Answer(member, member.Step(_now, new Input.Tick()));
        Assert.Contains(Receive(member, "m1", new Message.PreVoteReply("e", 4, 3, true)), o => o is Output.Save);
        for (var i = 0; i < 10; i++)
        {
            Pass(310);
            Assert.DoesNotContain(member.Step(_now, new Input.Tick()), o => o is Output.Send { Message: Message.PreVote });
            Receive(member, "m1", new Message.PreVoteReply("e", 5, 4, true));
        }
        Assert.Equal(4, member.Find("e")!.Term);
        member.Step(_now, new Input.Saved(2));
        Pass(310);
        Assert.Contains(member.Step(_now, new Input.Tick()), o => o is Output.Send { Message: Message.PreVote { Term: 5 } });
    }

    [Fact]
    public void Heartbeat_OfANewTerm_IsAcknowledgedOnlyOnceTheTermIsOnTheDisk()
    {
        var member = Start(Known(term: 3));
        Assert.DoesNotContain(Receive(member, "m1", new Message.Heartbeat(default, 1, 1, 0, 1, [new("e", 6, "m1")])), o => o is Output.Send);
        // Nor does the next one, that has nothing new to say, make up for it.
        Assert.DoesNotContain(Receive(member, "m1", new Message.Heartbeat(default, 1, 2, 1, 1, [])), o => o is Output.Send);
        Assert.Equal([1, 2], member.Step(_now, new Input.Saved(2)).OfType<Output.Send>().Select(s => ((Message.HeartbeatAck)s.Message).Sequence));
    }

    [Fact]
    public void RestartedMember_RefusesForOneTimeout()
    {
        var member = Start(Known(term: 3));
        Pass(149);
        Assert.Equal(new Message.VoteReply("e", 4, 3, false), Sent(Receive(member, "m1", new Message.Vote("e", 4, 0))));
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, false), Sent(Receive(member, "m1", new Message.PreVote("e", 4))));
        Pass(1);
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, true), Sent(Receive(member, "m1", new Message.PreVote("e", 4))));
    }

    [Fact]
    public void RestartedMember_VotesAtOnceForWhomItsLeaderHandedOverTo()
    {
        var member = Start(Known(term: 3));
        var save = Receive(member, "m1", new Message.Vote("e", 4, ReleasedTerm: 3)).OfType<Output.Save>().Single();
        Assert.Equal(new Message.VoteReply("e", 4, 4, true), Sent(member.Step(_now, new Input.Saved(save.Number))));
    }

    [Fact]
    public void Start_NothingIsSaidBeforeTheStartIsOnTheDisk()
    {
        var member = new RaftMember(Configuration, Known(term: 3), _now, new Random(1));
        var save = Assert.Single(member.Step(_now, new Input.Tick()).OfType<Output.Save>());
        Assert.Equal(8, save.State.Incarnation);
        member.Step(_now, new Input.PeerUp("m1"));
        Pass(200);
        Assert.DoesNotContain(Receive(member, "m1", new Message.PreVote("e", 4)), o => o is Output.Send);
        Assert.Contains(member.Step(_now, new Input.Saved(save.Number)), o => o is Output.Send { Message: Message.PreVoteReply { Granted: true } });
    }

    [Fact]
    public void Follower_RefusesOthersWhileItsLeaderIsHeard_WithoutEnteringTheirTerm()
    {
        var member = Following("m1", term: 5);
        Pass(149);
        Assert.Equal(new Message.VoteReply("e", 9, 5, false), Sent(Receive(member, "m2", new Message.Vote("e", 9, 0))));
        Assert.Equal(5, member.Find("e")!.Term);
        Assert.Equal(new Message.VoteReply("e", 9, 5, false), Sent(Receive(member, "m2", new Message.Vote("e", 9, ReleasedTerm: 4))));
    }

    [Fact]
    public void Follower_StaysTrueToALeader_WhoseLinkWasReset()
    {
        var member = Following("m1", term: 5);
        member.Step(_now, new Input.PeerDown("m1", null));
        Pass(149);
        Assert.Equal(new Message.PreVoteReply("e", 6, 5, false), Sent(Receive(member, "m2", new Message.PreVote("e", 6))));
        Pass(1);
        Assert.Equal(new Message.PreVoteReply("e", 6, 5, true), Sent(Receive(member, "m2", new Message.PreVote("e", 6))));
    }

    [Fact]
    public void Follower_OfADeadProcess_VotesAtOnce_ButNotWhenThatNewsIsOld()
    {
        var member = Following("m1", term: 5, incarnation: 3);
        member.Step(_now, new Input.PeerDown("m1", new Life(default, 2)));
        Assert.Equal(new Message.PreVoteReply("e", 6, 5, false), Sent(Receive(member, "m2", new Message.PreVote("e", 6))));
        member.Step(_now, new Input.PeerDown("m1", new Life(default, 3)));
        Assert.Equal(new Message.PreVoteReply("e", 6, 5, true), Sent(Receive(member, "m2", new Message.PreVote("e", 6))));
    }

    [Fact]
    public void Follower_OfANewLeader_StaysTrueWhenTheOldOneSaysThatItHasStopped()
    {
        var member = Following("m1", term: 5);
        Receive(member, "m2", new Message.Heartbeat(default, 1, 1, 0, 1, [new("e", 6, "m2")]));
        Receive(member, "m1", new Message.Heartbeat(default, 1, 2, 1, 2, [new("e", 0, "")]));
        Assert.True(member.Find("e")!.Role is Follower { Leader.Id: "m2" });
        member.Step(_now, new Input.PeerDown("m2", null));
        Receive(member, "m1", new Message.Heartbeat(default, 1, 3, 2, 2, []));
        Assert.DoesNotContain(Receive(member, "m1", new Message.PreVote("e", 8)), o => o is Output.Send { Message: Message.PreVoteReply { Granted: true } });
    }

    [Fact]
    public void Heartbeat_OfAnOldTerm_IsRefusedInEveryAnswer()
    {
        var member = Start(Known(term: 7));
        for (var sequence = 1; sequence < 4; sequence++)
        {
            var ack = Assert.IsType<Message.HeartbeatAck>(Sent(Receive(
                member, "m1", new Message.Heartbeat(default, 1, sequence, sequence == 1 ? 0 : 1, 1, sequence == 1 ? [new("e", 6, "m1")] : []))));
            Assert.Equal([new("e", 7)], ack.Refused);
        }
    }

    [Fact]
    public void Heartbeat_ThatWasOvertaken_ChangesNothing()
    {
        var member = Following("m1", term: 5);
        Receive(member, "m1", new Message.Heartbeat(default, 1, 5, 1, 2, [new("e", 0, "")]));
        Assert.DoesNotContain(Receive(member, "m1", new Message.Heartbeat(default, 1, 4, 0, 1, [new("e", 5, "m1")])), o => o is Output.Send);
        Assert.True(member.Find("e")!.Role is Follower { Leader: null });
    }

    [Fact]
    public void Heartbeat_OfAMemberThatHasForgottenItsStarts_IsRefusedWithTheReason_OncePerLink()
    {
        var member = Following("m1", term: 5, incarnation: 3);
        var outputs = Receive(member, "m1", new Message.Heartbeat(default, 1, 1, 0, 1, []));
        Assert.Equal(
            "m1 says that this is its start number 1, but it has been started 3 times: its folder is an older copy, which does not hold its last votes; empty the folder, and it is let in again once it has links to all other members",
            outputs.OfType<Output.PeerRefused>().Single().Reason);
        Assert.DoesNotContain(outputs, o => o is Output.Send);
        Assert.DoesNotContain(Receive(member, "m1", new Message.Heartbeat(default, 1, 2, 0, 1, [])), o => o is Output.PeerRefused);
    }

    [Fact]
    public void Heartbeat_OnTopOfNoticesThatAreMissing_IsNotAcknowledgedAsApplied()
    {
        var member = Start(Known(term: 1));
        var ack = Assert.IsType<Message.HeartbeatAck>(Sent(Receive(member, "m1", new Message.Heartbeat(default, 1, 9, 4, 5, [new("e", 5, "m1")]))));
        Assert.Equal(0, ack.Applied);
    }

    [Fact]
    public void Heartbeat_WhoseNoticesWentBack_IsOfAnotherProcess_AndNotAcknowledged()
    {
        var member = Start(Known(term: 1));
        Receive(member, "m1", new Message.Heartbeat(default, 1, 1, 0, 3, [new("x", 0, "m1"), new("y", 0, "m1"), new("z", 0, "m1")]));
        var outputs = Receive(member, "m1", new Message.Heartbeat(default, 1, 2, 0, 2, [new("e", 5, "m1")]));
        Assert.DoesNotContain(outputs, o => o is Output.Send);
        Assert.Equal("two processes run as m1, with copies of one folder; stop one of them", outputs.OfType<Output.PeerRefused>().Single().Reason);
    }

    [Fact]
    public void RestartedMember_StaysTrueForAsLongAsWasConfiguredBefore_AlsoAfterASecondRestart()
    {
        var before = Known(term: 3) with { TimeoutMicroseconds = 1_000_000 };
        var member = new RaftMember(Configuration, before, _now, new Random(1));
        var saved = member.Step(_now, new Input.Tick()).OfType<Output.Save>().Single().State;
        Pass(500);
        member = Start(saved);
        Pass(999);
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, false), Sent(Receive(member, "m1", new Message.PreVote("e", 4))));
        Pass(1);
        Assert.Equal(new Message.PreVoteReply("e", 4, 3, true), Sent(Receive(member, "m1", new Message.PreVote("e", 4))));
        Assert.Equal(150_000, Receive(member, "m1", new Message.Vote("e", 4, 0)).OfType<Output.Save>().Single().State.TimeoutMicroseconds);
    }

    [Fact]
    public void Lease_CountsFromTheMomentBeforeTheHeartbeatWasSent_AndIsNotRevivedByALateAnswer()
    {
        var member = Start(Known(term: 3));
        var leads = Lead(member, out var first);
        var sent = _now;
        Pass(30);
        var outputs = Receive(member, "m1", Ack(first));
        Assert.Equal(new Output.Elected("e", leads, "a", sent), Assert.Single(outputs.OfType<Output.Elected>()));
        Assert.Equal(new Output.LeaseConfirmed(sent), Assert.Single(outputs.OfType<Output.LeaseConfirmed>()));
        Pass(50);
        var second = Assert.IsType<Message.Heartbeat>(member.Step(_now, new Input.Tick()).OfType<Output.Send>().First().Message);
        // 150 ms × 0.99 − 7.5 ms = 141 ms; the answer to the second heartbeat arrives after that.
        Pass(61);
        Assert.Equal(new Output.Lost("e", leads, LossReason.LeaseRanOut), Receive(member, "m1", Ack(second)).OfType<Output.Lost>().Single());
        Assert.True(member.Find("e")!.Role is Follower);
    }

    [Fact]
    public void Leader_RefusedByAMemberInAHigherTerm_StopsAtOnce()
    {
        var member = Start(Known(term: 3));
        var leads = Lead(member, out var first);
        Receive(member, "m1", Ack(first));
        Pass(50);
        var second = Assert.IsType<Message.Heartbeat>(member.Step(_now, new Input.Tick()).OfType<Output.Send>().First(m => m.To == "m2").Message);
        var outputs = Receive(member, "m2", Ack(second) with { Refused = [new("e", leads + 3)] });
        Assert.Equal(new Output.Lost("e", leads, LossReason.Superseded), outputs.OfType<Output.Lost>().Single());
        Assert.Equal(leads + 3, member.Find("e")!.Term);
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    [InlineData(8, 9)]
    public void TimeoutNow_CountsOnlyFromTheLatestTerm(long term, long expected)
    {
        var member = Start(Known(term: 3));
        member.Step(_now, new Input.Stand("e", "a"));
        Receive(member, "m1", new Message.TimeoutNow("e", term, false));
        Assert.Equal(expected, member.Find("e")!.Term);
    }

    [Fact]
    public void TimeoutNow_ToWhoeverDoesNotStand_IsIgnored()
    {
        var member = Start(Known(term: 3));
        Receive(member, "m1", new Message.TimeoutNow("e", 3, false));
        Assert.Equal(3, member.Find("e")!.Term);
    }

    [Fact]
    public void OtherMemberList_IsRefusedWithTheReasonOnBothSides()
    {
        var ours = Start(Known(term: 3));
        var theirConfiguration = RaftCluster.Configuration(1, RaftCluster.List(5));
        var theirs = Start(new("test", "m1", 7, []) { ClusterId = RaftCluster.ClusterId }, theirConfiguration, "m0");
        var told = Assert.IsType<Message.Configuration>(Sent(ours.Step(_now, new Input.Received("m1", theirConfiguration.Fingerprint, new Message.Vote("e", 9, 3)))));
        Assert.Equal(3, ours.Find("e")!.Term);
        var outputs = theirs.Step(_now, new Input.Received("m0", Configuration.Fingerprint, told));
        Assert.Equal(
            "m0 has the members m0,m1,m2 (version 1), this member (m1) has m0,m1,m2,m3,m4 (version 1); all must have the same list",
            outputs.OfType<Output.PeerRefused>().Single().Reason);
        outputs = ours.Step(_now, new Input.Received("m1", theirConfiguration.Fingerprint, Assert.IsType<Message.Configuration>(Sent(outputs))));
        Assert.Equal(
            "m1 has the members m0,m1,m2,m3,m4 (version 1), this member (m0) has m0,m1,m2 (version 1); all must have the same list",
            outputs.OfType<Output.PeerRefused>().Single().Reason);
        Assert.DoesNotContain(outputs, o => o is Output.Send);
    }

    [Theory]
    [InlineData(2, "the list has 2 members; allowed are 3 to 9")]
    [InlineData(10, "the list has 10 members; allowed are 3 to 9")]
    public void MemberList_OfAWrongSize_IsRefused(int count, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(() => RaftCluster.List(count)).Message);

    [Fact]
    public void MemberList_InAnyOrder_IsTheSame() =>
        Assert.Equal(
            Configuration.Fingerprint,
            RaftCluster.Configuration(0, new MemberList([new("m2"), new("m0"), new("m1")])).Fingerprint);

    [Fact]
    public void MemberThatRemembersTooManyElections_DoesNotFollowInFurtherOnes()
    {
        var votes = Enumerable.Range(0, MemberState.MaxElections).Select(i => new MemberState.Ballot($"x{i}", 1, null)).ToArray();
        var member = Start(new("test", "m0", 7, votes) { ClusterId = RaftCluster.ClusterId });
        var ack = Assert.IsType<Message.HeartbeatAck>(Sent(Receive(member, "m1", new Message.Heartbeat(default, 1, 1, 0, 1, [new("e", 6, "m1")]))));
        Assert.Equal([new("e", 6)], ack.Refused);
        Assert.DoesNotContain(Receive(member, "m1", new Message.Vote("e", 1, 0)), o => o is Output.Send);
        Assert.Throws<InvalidOperationException>(() => member.Step(_now, new Input.Stand("e", "a")));
    }

    private static MemberState Known(long term, string? votedFor = null) => new("test", "m0", 7, [new("e", term, votedFor)]) { ClusterId = RaftCluster.ClusterId };

    private static Message.HeartbeatAck Ack(Message.Heartbeat heartbeat) => new(heartbeat.StateId, heartbeat.Incarnation, heartbeat.Sequence, heartbeat.Version, []);

    private static Message Sent(IEnumerable<Output> outputs) => outputs.OfType<Output.Send>().Single().Message;

    private RaftMember Start(MemberState state, RaftConfiguration? configuration = null, string peer = "m1")
    {
        var member = new RaftMember(configuration ?? Configuration, state, _now, new Random(1));
        var save = member.Step(_now, new Input.Tick()).OfType<Output.Save>().Single();
        member.Step(_now, new Input.Saved(save.Number));
        member.Step(_now, new Input.PeerUp(peer));
        member.Step(_now, new Input.PeerUp("m2"));
        return member;
    }

    /// <summary>Has a member win the votes of a term.</summary>
    /// <returns>The term.</returns>
    private long Lead(RaftMember member, out Message.Heartbeat heartbeat)
    {
        Answer(member, member.Step(_now, new Input.Stand("e", "a")));
        Pass(210);
        Answer(member, member.Step(_now, new Input.Tick()));
        Receive(member, "m1", new Message.PreVoteReply("e", 4, 3, true));
        member.Step(_now, new Input.Saved(2));
        Pass(1);
        heartbeat = Receive(member, "m1", new Message.VoteReply("e", 4, 4, true)).OfType<Output.Send>().Select(s => s.Message).OfType<Message.Heartbeat>().First();
        return 4;
    }

    /// <summary>Acknowledges the heartbeats that were sent.</summary>
    private void Answer(RaftMember member, IReadOnlyList<Output> outputs)
    {
        foreach (var send in outputs.OfType<Output.Send>())
        {
            if (send.Message is Message.Heartbeat heartbeat)
                Receive(member, send.To, Ack(heartbeat));
        }
    }

    private RaftMember Following(string leader, long term, long incarnation = 1)
    {
        var member = Start(Known(term));
        Receive(member, leader, new Message.Heartbeat(default, incarnation, 1, 0, 1, [new("e", term, leader)]));
        return member;
    }

    private IReadOnlyList<Output> Receive(RaftMember member, string from, Message message) =>
        member.Step(_now, new Input.Received(from, Configuration.Fingerprint, message));

    private void Pass(int milliseconds) => _now += milliseconds * 1000;
}
