using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;

namespace LeaderElection.Tests.Unit;

public sealed class ElectionRowTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly VirtualTime _time = new();
    private readonly ElectionRow _row;

    public ElectionRowTests() => _row = new ElectionRow(_time);

    [Fact]
    public void Observed_ALeader_IsRunning_AndNamedByItsShortId()
    {
        _row.Candidate("redis-worker-csfdsehc", "redis-worker", isRunning: true);
        _row.Observed(new LeaderInfo("redis-worker-csfdsehc", 42, At));

        var row = Write();

        Assert.Equal(new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success), row.State);
        Assert.Equal("csfdsehc leads, fencing token 42", Value(row, ElectionRow.Source));
        Assert.Equal(("redis-worker-csfdsehc", 42L), row.GetLeader());
        Assert.Equal(1, Value(row, ElectionProperties.Leaderships));
        Assert.Equal("redis-worker-csfdsehc", Value(row, ElectionProperties.Candidates));
        Assert.Null(Value(row, ElectionProperties.LastGap));
    }

    [Fact]
    public void Observed_ALeaderThatIsAResourceOfItsOwn_IsNamedByThat()
    {
        _row.Candidate("raft-m0-csfdsehc", "raft-m0", isRunning: true);
        _row.Candidate("raft-m1-fjdyvcwk", "raft-m1", isRunning: true);
        _row.Observed(new LeaderInfo("raft-m1-fjdyvcwk", 42, At));

        Assert.Equal("raft-m1 leads, fencing token 42", Value(Write(), ElectionRow.Source));
        Assert.Equal(("raft-m1-fjdyvcwk", 42L), Write().GetLeader());
    }

    [Fact]
    public void Observed_Nobody_IsAWarning()
    {
        _row.Observed(null);

        var row = Write();

        Assert.Equal(new ResourceStateSnapshot("Nobody leads", KnownResourceStateStyles.Warn), row.State);
        Assert.Null(row.GetLeader());
    }

    [Fact]
    public void Observed_AGap_IsMeasuredFromTheLastLeaderToTheNext()
    {
        _row.Observed(null);
        _time.Advance(TimeSpan.FromSeconds(9));
        _row.Observed(new LeaderInfo("a", 1, At));
        Assert.Null(Value(Write(), ElectionProperties.LastGap));

        _row.Observed(null);
        _time.Advance(TimeSpan.FromMilliseconds(1500));
        _row.Observed(new LeaderInfo("b", 2, At));
        Assert.Equal(1500, Value(Write(), ElectionProperties.LastGap));

        _row.Observed(new LeaderInfo("c", 3, At));
        Assert.Equal(0, Value(Write(), ElectionProperties.LastGap));
        Assert.Equal(3, Value(Write(), ElectionProperties.Leaderships));
    }

    [Fact]
    public void Observed_TheSameTermAgain_IsNoNewLeadership()
    {
        _row.Observed(new LeaderInfo("a", 7, At));
        _row.Observed(null);
        _row.Observed(new LeaderInfo("a", 7, At));

        Assert.Equal(1, Value(Write(), ElectionProperties.Leaderships));
    }

    [Fact]
    public void InTrouble_IsAnErrorThatSaysWhy_UntilTheStoreAnswers()
    {
        _row.Observed(new LeaderInfo("a", 7, At));
        _row.InTrouble("the password was refused");
        var row = Write();
        Assert.Equal(KnownResourceStateStyles.Error, row.State?.Style);
        Assert.Equal("the password was refused", Value(row, "election.trouble"));
        Assert.Null(row.GetLeader());

        _row.Observed(new LeaderInfo("a", 7, At));
        Assert.Equal(("a", 7L), Write().GetLeader());
    }

    [Fact]
    public void Write_LeavesThePropertiesOfOthers_AndWritesItsOwnOnce()
    {
        _row.Observed(new LeaderInfo("a", 7, At));
        var before = Snapshot() with { Properties = [new("resource.parentName", "parent")] };

        var row = _row.Write(_row.Write(before));

        Assert.Equal("parent", Value(row, "resource.parentName"));
        Assert.Equal(row.Properties.Length, row.Properties.DistinctBy(property => property.Name).Count());
    }

    private static CustomResourceSnapshot Snapshot() => new() { ResourceType = "Election", Properties = [] };

    private static object? Value(CustomResourceSnapshot row, string name) => row.Properties.FirstOrDefault(property => property.Name == name)?.Value;

    private CustomResourceSnapshot Write() => _row.Write(Snapshot());
}
