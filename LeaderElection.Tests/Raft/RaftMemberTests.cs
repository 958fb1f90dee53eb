using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

public sealed class RaftMemberTests
{
    [Fact]
    public void Elect_AllStand_OneLeadsAndAllKnow()
    {
        var cluster = new RaftCluster(5);
        for (var i = 0; i < 5; i++)
            cluster.Stand(i);
        cluster.RunUntil(() => cluster.Leaders().Length == 1);
        cluster.Advance(60);
        var leader = Assert.Single(cluster.Leaders());
        for (var i = 0; i < 5; i++)
            Assert.Equal(new Output.LeaderChanged("e", $"m{leader}", $"m{leader}", cluster.Term(leader)), cluster.Outputs<Output.LeaderChanged>(i).Last());
        cluster.Advance(5000);
        Assert.Single(cluster.Outputs<Output.Elected>());
    }

    [Fact]
    public void Elect_NobodyStands_NobodyLeads()
    {
        var cluster = new RaftCluster(3);
        cluster.Advance(5000);
        Assert.Empty(cluster.Outputs<Output.Elected>());
        Assert.Empty(cluster.Outputs<Output.Send>());
    }

    [Fact]
    public void LeaderFails_AnotherLeadsWithinTheTimeouts()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Kill(0);
        // The greatest timeout, a split vote's worth, and the round trips.
        var gap = cluster.RunUntil(() => cluster.Leaders().Length == 1);
        Assert.InRange(gap, 99, 300 + 300 + 10);
    }

    [Fact]
    public void TwoOfFiveFail_OneOfTheOthersLeads()
    {
        var cluster = new RaftCluster(5);
        cluster.Elect(0);
        cluster.Kill(0);
        cluster.Kill(1);
        cluster.RunUntil(() => cluster.Leaders().Length == 1);
        cluster.Kill(cluster.Leaders()[0]);
        cluster.Advance(5000);
        Assert.Empty(cluster.Leaders());
    }

    [Fact]
    public void Partition_TheMinoritysLeaderStopsBeforeAnotherLeads_AndFollowsAfterwards()
    {
        var cluster = new RaftCluster(5);
        cluster.Elect(0);
        var before = cluster.Term(0);
        cluster.Cut(0);
        cluster.RunUntil(() => cluster.Leaders() is [> 0]);
        var lost = cluster.Log.FindIndex(l => l.Output is Output.Lost { Reason: LossReason.LeaseRanOut });
        var elected = cluster.Log.FindLastIndex(l => l.Output is Output.Elected);
        Assert.InRange(lost, 0, elected);
        Assert.True(cluster.Term(cluster.Leaders()[0]) > before);
        cluster.Heal();
        cluster.RunUntil(() => cluster.Members[0]!.Find("e")!.Role is Follower { Leader: not null });
        Assert.Single(cluster.Leaders());
    }

    [Fact]
    public void CutOffMember_ComingBack_DisturbsNobody()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        var term = cluster.Term(0);
        cluster.Cut(2);
        cluster.Advance(5000);
        cluster.Heal();
        cluster.Advance(1000);
        Assert.Equal([0], cluster.Leaders());
        Assert.Equal(term, cluster.Term(0));
        Assert.Equal(term, cluster.Term(2));
        Assert.Empty(cluster.Outputs<Output.Lost>());
    }

    [Fact]
    public void MajorityDead_NobodyLeads_UntilItIsBack()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Kill(1);
        cluster.Kill(2);
        cluster.RunUntil(() => cluster.Leaders().Length == 0, atMost: 200);
        cluster.Stand(0);
        cluster.Advance(3000);
        Assert.Empty(cluster.Leaders());
        cluster.Start(1);
        cluster.RunUntil(() => cluster.Leaders() is [0]);
    }

    [Fact]
    public void Resign_HandsOverWithoutAnyTimeout_UnderAHigherToken()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        var token = cluster.Outputs<Output.Elected>().Last().Term;
        cluster.Step(0, new Input.Resign("e"));
        Assert.Equal(new Output.Lost("e", token, LossReason.Resigned), cluster.Outputs<Output.Lost>(0).Last());
        var gap = cluster.RunUntil(() => cluster.Leaders() is [> 0]);
        Assert.True(gap < 3, $"it took {gap} ms");
        Assert.True(cluster.Outputs<Output.Elected>().Last().Term > token);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resign_NamingATarget_HandsOverToIt(int target)
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        Assert.Null(cluster.Members[0]!.WhyNotTransfer("e", $"m{target}"));
        cluster.Step(0, new Input.Resign("e", $"m{target}"));
        cluster.RunUntil(() => cluster.Leaders().Length == 1, atMost: 3);
        Assert.Equal([target], cluster.Leaders());
    }

    [Fact]
    public void Resign_NamingATargetOfALowerPriority_ThatOneStays()
    {
        var cluster = new RaftCluster(3, 5);
        cluster.Elect(0);
        cluster.Step(0, new Input.Resign("e", "m1"));
        cluster.RunUntil(() => cluster.Leaders() is [1]);
        cluster.Stand(0);
        cluster.Advance(3 * RaftCluster.Timings.PreferenceDelay / 1000.0);
        Assert.Empty(cluster.Outputs<Output.Preferred>());
        Assert.Equal([1], cluster.Leaders());
    }

    [Fact]
    public void Preferred_WhenTheAttemptComesToNothing_IsSaidAgain()
    {
        var cluster = new RaftCluster(3, 0, 5);
        cluster.Elect(0);
        cluster.RunUntil(() => cluster.Outputs<Output.Preferred>().Count() == 2, atMost: 3 * RaftCluster.Timings.PreferenceDelay / 1000.0);
        Assert.Equal([0], cluster.Leaders());
    }

    [Fact]
    public void Resign_WhoseWordIsLost_IsMadeGoodByOthersSoon()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        // The successor is told, and dies.
        cluster.Step(0, new Input.Resign("e"));
        var told = cluster.Outputs<Output.Send>(0).Last(s => s.Message is Message.TimeoutNow).To;
        cluster.Kill(int.Parse(told[1..]));
        cluster.RunUntil(() => cluster.Leaders().Length == 1, atMost: 150);
    }

    [Fact]
    public void Resign_AndLeadAgain_RaisesTheToken()
    {
        var cluster = new RaftCluster(3);
        cluster.Stand(0);
        for (var token = 1; token < 5; token++)
        {
            cluster.RunUntil(() => cluster.Leaders() is [0]);
            Assert.Equal(token, cluster.Outputs<Output.Elected>().Last().Term);
            cluster.Step(0, new Input.Resign("e"));
            cluster.Stand(0);
        }
    }

    [Fact]
    public void WhyNotTransfer_SaysWhatIsWrong()
    {
        var cluster = new RaftCluster(3);
        cluster.Stand(0);
        cluster.RunUntil(() => cluster.Leaders() is [0]);
        var leader = cluster.Members[0]!;
        Assert.Equal("m7 is not a member; members are m0,m1,m2", leader.WhyNotTransfer("e", "m7"));
        Assert.Equal("m0 leads already", leader.WhyNotTransfer("e", "m0"));
        Assert.Equal("m1 does not campaign for 'e'", leader.WhyNotTransfer("e", "m1"));
        Assert.Equal("this member (m0) does not lead 'other'", leader.WhyNotTransfer("other", "m1"));
        cluster.Stand(1);
        cluster.Advance(60);
        Assert.Null(leader.WhyNotTransfer("e", "m1"));
        cluster.Kill(1);
        cluster.Advance(200);
        Assert.Equal("m1 has not answered lately", leader.WhyNotTransfer("e", "m1"));
    }

    [Fact]
    public void Transfer_WithoutAMajority_IsRefused_AndTheLeaderStopsWithItsLease()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Cut(1);
        cluster.Cut(2);
        cluster.RunUntil(() => cluster.Members[0]!.WhyNotTransfer("e", "m1") is not null);
        Assert.Contains(cluster.Members[0]!.WhyNotTransfer("e", "m1"), new[] { "m1 has not answered lately", "this member (m0) does not lead 'e'" });
        cluster.RunUntil(() => cluster.Leaders() is []);
        cluster.Advance(1000);
        Assert.Empty(cluster.Leaders());
        cluster.Heal();
        cluster.RunUntil(() => cluster.Leaders().Length == 1);
    }

    [Fact]
    public void Leader_ThatResignsEachTime_OthersGetATurn()
    {
        var cluster = new RaftCluster(3, priorities: [1, 0, 0]);
        cluster.Elect(0);
        for (var i = 0; i < 5; i++)
        {
            cluster.Step(0, new Input.Resign("e"));
            cluster.RunUntil(() => cluster.Leaders() is [1 or 2]);
            var other = cluster.Leaders()[0];
            // Its work cannot begin, and still it campaigns, and is preferred.
            cluster.Stand(0);
            cluster.Advance(100);
            cluster.Step(other, new Input.Resign("e", "m0"));
            cluster.RunUntil(() => cluster.Leaders() is [0]);
            cluster.Stand(other);
            cluster.Advance(100);
        }
    }

    [Fact]
    public void ProcessKnownToBeDead_AnotherLeadsLongBeforeTheTimeout()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Kill(0, isNoticed: true);
        var gap = cluster.RunUntil(() => cluster.Leaders().Length == 1);
        Assert.True(gap < 60, $"it took {gap} ms");
    }

    [Fact]
    public void LinkReset_WhileTheLeaderMayLive_WaitsForItsLeaseButNotLonger()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Cut(0);
        cluster.Step(1, new Input.PeerDown("m0", null));
        cluster.Step(2, new Input.PeerDown("m0", null));
        var gap = cluster.RunUntil(() => cluster.Leaders() is [> 0]);
        Assert.InRange(gap, 95, 215);
        Assert.Contains(cluster.Outputs<Output.Lost>(0), l => l.Reason == LossReason.LeaseRanOut);
    }

    [Fact]
    public void PreferredMember_ThatIsWell_IsProposedOnce()
    {
        var cluster = new RaftCluster(3, 0, 0, 5);
        cluster.Elect(0);
        cluster.RunUntil(() => cluster.Outputs<Output.Preferred>().Any(), atMost: 4000);
        Assert.Equal(new Output.Preferred("e", "m2"), Assert.Single(cluster.Outputs<Output.Preferred>()));
        cluster.Advance(1000);
        Assert.Single(cluster.Outputs<Output.Preferred>());
        cluster.Step(0, new Input.Resign("e", "m2"));
        cluster.RunUntil(() => cluster.Leaders() is [2], atMost: 3);
    }

    [Fact]
    public void Withdraw_EndsTheCampaign()
    {
        var cluster = new RaftCluster(3);
        cluster.Elect(0);
        cluster.Step(1, new Input.Withdraw("e"));
        cluster.Step(2, new Input.Withdraw("e"));
        cluster.Advance(60);
        cluster.Step(0, new Input.Resign("e"));
        cluster.Advance(3000);
        Assert.Empty(cluster.Leaders());
    }

    [Fact]
    public void ThousandElections_AmongFiveMembers_ShareTheHeartbeats()
    {
        var cluster = new RaftCluster(5);
        for (var i = 0; i < 1000; i++)
            cluster.Stand(i % 5, $"e{i}");
        cluster.RunUntil(() => cluster.Elected == 1000);
        cluster.Advance(200);
        cluster.Log.Clear();
        cluster.Advance(1000);
        var sent = cluster.Outputs<Output.Send>().Select(s => s.Message).ToArray();
        // Each of 5 members to each of 4 others, 20 times a second, and the answers; nothing else.
        Assert.InRange(sent.OfType<Message.Heartbeat>().Count(), 5 * 4 * 19, 5 * 4 * 21);
        Assert.Equal(sent.Length, sent.Count(m => m is Message.Heartbeat { Notices.Count: 0 } or Message.HeartbeatAck { Refused.Count: 0 }));
        Assert.Empty(cluster.Outputs<Output.Lost>());
        Assert.Empty(cluster.Outputs<Output.Save>());
    }

    [Fact]
    public void ThousandElections_WhoseLeaderDies_AreLedAgainWithFewWrites()
    {
        var cluster = new RaftCluster(5);
        for (var i = 0; i < 1000; i++)
            cluster.Stand(0, $"e{i}");
        cluster.RunUntil(() => cluster.Elected == 1000);
        for (var i = 0; i < 1000; i++)
            cluster.Stand(1 + (i % 4), $"e{i}");
        cluster.Advance(200);
        cluster.Log.Clear();
        cluster.Kill(0);
        cluster.RunUntil(() => cluster.Elected == 2000);
        Assert.InRange(cluster.Outputs<Output.Save>().Count(), 4, 100);
    }

    [Fact]
    public void RestartedFollower_LearnsWhatItMissed()
    {
        var cluster = new RaftCluster(3);
        for (var i = 0; i < 20; i++)
            cluster.Stand(0, $"e{i}");
        cluster.RunUntil(() => cluster.Elected == 20);
        cluster.Kill(1);
        cluster.Start(1);
        cluster.RunUntil(() => cluster.Members[1]!.Elections.Count(e => e.Role is Follower { Leader.Id: "m0" }) == 20, atMost: 100);
    }
}
