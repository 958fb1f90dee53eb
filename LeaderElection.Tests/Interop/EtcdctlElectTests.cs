using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Interop;

/// <summary>The peers among themselves: what they do here is what ours are measured by.</summary>
public sealed class EtcdctlElectTests
{
    [Fact]
    public async Task Interrupt_HandsOver_AndObserverSeesBoth()
    {
        await using var server = await EtcdServer.StartNewAsync();
        await using var first = EtcdctlElect.Campaign(server, "election", "first");
        var firstKey = await first.LeadsAsync("first");
        Assert.StartsWith("election/", firstKey);
        await using var observer = EtcdctlElect.Listen(server, "election");
        Assert.Equal(firstKey, await observer.LeadsAsync("first"));

        await using var second = EtcdctlElect.Campaign(server, "election", "second");
        await Eventually.GetAsync(
            () => server.CtlAsync("get", "--prefix", "election/", "--keys-only"),
            static keys => keys.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 2, "the second to wait");
        Assert.Empty(second.Lines);
        Assert.Equal(0, await first.InterruptAsync());
        var secondKey = await second.LeadsAsync("second");
        Assert.Equal(secondKey, await observer.LeadsAsync("second"));
        Assert.NotEqual(firstKey, secondKey);
        Assert.Equal(0, await second.InterruptAsync());
    }
}
