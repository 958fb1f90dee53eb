using LeaderElection.Raft.Transport;

namespace LeaderElection.Tests.Raft;

public sealed class RefusalsTests
{
    private readonly VirtualTime _time = new();
    private readonly List<string> _lines = [];

    [Fact]
    public void Strangers_HoweverMany_SilenceNoMember_AndAreBounded()
    {
        var refusals = new Refusals(_lines.Add, _time);
        for (var i = 0; i < 1000; i++)
            refusals.Add($"a connection from 10.0.{i / 250}.{i % 250}", RefusalReason.Garbage, "no link", isStranger: true);
        Assert.Equal(100, _lines.Count);
        refusals.Add("m1 at 10.9.9.9:7000", RefusalReason.Secret, "no link: its secret is another");
        Assert.Equal("m1 at 10.9.9.9:7000: no link: its secret is another", _lines[^1]);
    }

    [Fact]
    public void Refusal_IsToldOnce_AndAgainAfterAnHour_AlsoOfOtherStrangers()
    {
        var refusals = new Refusals(_lines.Add, _time);
        for (var i = 0; i < 200; i++)
            refusals.Add($"a connection from 10.0.0.{i}", RefusalReason.Garbage, "no link", isStranger: true);
        Add("m1");
        Add("m1");
        Assert.Equal(101, _lines.Count);
        _time.Advance(TimeSpan.FromHours(1));
        Add("m1");
        refusals.Add("a connection from 10.0.0.199", RefusalReason.Garbage, "no link", isStranger: true);
        Assert.Equal(["m1: no link", "a connection from 10.0.0.199: no link"], _lines[101..]);

        void Add(string member) => refusals.Add(member, RefusalReason.Version, "no link");
    }
}
