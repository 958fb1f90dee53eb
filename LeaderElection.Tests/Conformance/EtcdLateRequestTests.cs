using System.Globalization;
using System.Text;
using LeaderElection.Etcd;
using LeaderElection.Etcd.Protocol;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>
/// Requests that etcd carries out long after they were sent, as a member does that was frozen and thaws: sent here a second
/// time, the very same.
/// </summary>
public sealed class EtcdLateRequestTests : EtcdTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Join_CarriedOutAfterItsSeatHasLeft_StandsInNobodysWay(int seats)
    {
        await using var frozen = new DroppingProxy(Store.Server.Port);
        var hasty = Backend(Lease, $"http://{frozen.Endpoint},{Store.Server.Endpoint}");
        await (await hasty.CreateElection("other", "hasty").CampaignAsync(Late)).ResignAsync(Late);
        frozen.DropRequests();
        var lease = 0L;
        for (var i = 0; i < seats; i++)
        {
            // Sent to the one that hangs, and then to the next, which carries it out.
            var leader = await hasty.CreateElection("e", "hasty").CampaignAsync(Late);
            lease = long.Parse(LeaseOf(Assert.Single(await KeysAsync())), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            await leader.ResignAsync(Late);
        }
        Assert.Empty(await KeysAsync());
        using var member = Connect();
        var late = await Requests(member).TxnAsync(EtcdSession.Join(new EtcdKey("e", lease), "hasty"u8.ToArray(), lease), Late);
        Assert.True(late.Succeeded);
        await Backend(Long).CreateElection("e", "patient").CampaignAsync(Late).AsTask().WaitAsync(Eventually.Limit, TimeProvider.System);
    }

    /// <summary>What a backup brings back is bound to a lease that may live on.</summary>
    [Fact]
    public async Task Key_UnderALivingLeaseThatNobodyWants_IsTakenAway()
    {
        var backend = Backend(TimeSpan.FromSeconds(3));
        var other = await backend.CreateElection("other", "a").CampaignAsync(Late);
        var former = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var key = Assert.Single(await KeysAsync());
        await former.ResignAsync(Late);
        await Store.Server.CtlAsync("put", key, "a", "--lease", LeaseOf(key));
        Assert.True((await Backend(Long).CreateElection("e", "b").CampaignAsync(Late)).FencingToken > former.FencingToken);
        Assert.NotEqual(LeadershipEnd.Superseded, other.EndReason);
    }

    [Fact]
    public async Task Leave_CarriedOutAgainAfterTheSeatWasTakenAnew_DoesNoHarm()
    {
        var backend = Backend(Long);
        var first = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var key = Encoding.UTF8.GetBytes(Assert.Single(await KeysAsync()));
        await first.ResignAsync(Late);
        var second = await backend.CreateElection("e", "a").CampaignAsync(Late);
        using var member = Connect();
        Assert.False((await Requests(member).TxnAsync(EtcdSession.Delete(key, first.FencingToken), Late)).Succeeded);
        Assert.Equal(key, Encoding.UTF8.GetBytes(Assert.Single(await KeysAsync())));
        Assert.True(second.IsValid);
    }

    [Fact]
    public async Task Renewal_CarriedOutAfterTheProcessHasGone_BringsNothingBack()
    {
        var backend = Backend(Long);
        await backend.CreateElection("e", "a").CampaignAsync(Late);
        var lease = long.Parse(LeaseOf(Assert.Single(await KeysAsync())), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        await backend.DisposeAsync();
        using var member = Connect();
        Assert.Equal(0, (await Requests(member).KeepAliveAsync(lease, Late)).Ttl);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Proclaim_CarriedOutAgainAfterALaterOne_DoesNotUndoThat()
    {
        var backend = Backend(Long);
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var key = Assert.Single(await KeysAsync());
        using var member = Connect();
        var read = new TxnRequest { Success = [new RangeRequest(Encoding.UTF8.GetBytes(key))] };
        var before = EtcdOutcome.Of(await Requests(member).TxnAsync(read, Late), 1).Found!;
        Assert.True(await backend.ProclaimAsync(leader, "older", Late));
        Assert.True(await backend.ProclaimAsync(leader, "newer", Late));
        await Requests(member).TxnAsync(EtcdElectionBackend.Replace(before, "older"u8.ToArray(), before.Lease), Late);
        Assert.Equal("newer", (await Store.Server.CtlAsync("get", key, "--print-value-only")).Trim());
        await leader.ResignAsync(Late);
        Assert.False(await backend.ProclaimAsync(leader, "last", Late));
    }

    private EtcdConnection Connect() => new(new EtcdElectionOptions { ConnectionString = Store.Server.Endpoint }, TimeProvider.System);

    private static EtcdRequests Requests(EtcdConnection connection) => new(connection, new EtcdHistory());
}
