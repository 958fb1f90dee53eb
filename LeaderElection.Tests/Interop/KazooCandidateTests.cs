using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Interop;

/// <summary>The peers among themselves: what they do here is what ours are measured by.</summary>
public sealed class KazooCandidateTests
{
    [Fact]
    public async Task Resign_HandsOver_AndCampaignsAgain()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await using var first = await KazooCandidate.StartAsync(server.Endpoint, "/election", "first");
        await first.LeadsAsync();
        await using var second = await KazooCandidate.StartAsync(server.Endpoint, "/election", "second");
        await Processes.Eventually.GetAsync(first.ContendersAsync, static c => c is ["first", "second"], "both contenders in order");
        Assert.False(second.HasLed);

        await first.ResignAsync();
        await second.LeadsAsync();
        await first.CampaignAsync();
        await Processes.Eventually.GetAsync(second.ContendersAsync, static c => c is ["second", "first"], "both contenders in turned order");
        Assert.False(first.HasLed);

        second.Process.Kill();
        await first.LeadsAsync();
        await first.QuitAsync();
    }
}
