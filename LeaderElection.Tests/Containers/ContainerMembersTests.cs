using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Etcd;
using LeaderElection.Tests.App;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Containers;

/// <summary>Stores of three members, each a container.</summary>
[Collection("App")]
public sealed class ContainerMembersTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private readonly Volumes _volumes = new();
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private CancellationToken Timeout => _timeout.Token;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _timeout.Dispose();
        await _volumes.DisposeAsync();
    }

    [ContainerFact]
    public async Task Etcd_GrownFromOneMemberToThree_IsOneCluster_ThatOutlivesOneOfThem()
    {
        await RunAsync(members: 1, async (_, etcd) => await CampaignAsync(etcd));

        await RunAsync(members: 3, async (app, etcd) =>
        {
            var clusters = new HashSet<string>();
            foreach (var member in etcd.Members)
            {
                await app.ResourceNotifications.WaitForResourceHealthyAsync(member.Name, Timeout);
                clusters.Add(await ClusterAsync(member.GetEndpoint("http").Url));
            }
            Assert.Equal("of 3", Assert.Single(clusters).Split(' ', 2)[1]);

            await StopAsync(app, "etcd-3");
            await CampaignAsync(etcd);
        });
    }

    [ContainerFact]
    public async Task ZooKeeper_OfThreeMembers_OutlivesOneOfThem()
    {
        var builder = TestApplication.CreateBuilder();
        var zooKeeper = builder.AddZooKeeper("zookeeper").WithMembers(3).WithDataVolume($"leader-election-{_volumes.Id}-zookeeper").Resource;
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        foreach (var member in zooKeeper.Members)
            await app.ResourceNotifications.WaitForResourceHealthyAsync(member.Name, Timeout);

        await StopAsync(app, "zookeeper-2");

        await using var backend = new ZooKeeperElectionBackend(new() { ConnectionString = await ConnectionStringAsync(zooKeeper), LeaseDuration = Lease });
        await using var leadership = await backend.CreateElection("jobs", "one").CampaignAsync(Timeout);
        Assert.True(leadership.FencingToken > 0);
        await app.StopAsync(Timeout);
    }

    private async Task RunAsync(int members, Func<DistributedApplication, EtcdResource, Task> check)
    {
        var builder = TestApplication.CreateBuilder();
        var etcd = builder.AddEtcd("etcd").WithMembers(members).WithDataVolume($"leader-election-{_volumes.Id}-etcd").Resource;
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("etcd", Timeout);
        await check(app, etcd);
        await app.StopAsync(Timeout);
    }

    private async Task CampaignAsync(EtcdResource etcd)
    {
        await using var backend = new EtcdElectionBackend(new() { ConnectionString = await ConnectionStringAsync(etcd), LeaseDuration = Lease });
        await using var leadership = await backend.CreateElection("jobs", "one").CampaignAsync(Timeout);
        Assert.True(leadership.FencingToken > 0);
    }

    /// <summary>The id of a member's cluster, and how many it takes for its members.</summary>
    private async Task<string> ClusterAsync(string url)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsJsonAsync($"{url}/v3/cluster/member/list", new { }, Timeout);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Timeout);
        return $"{answer.GetProperty("header").GetProperty("cluster_id")} of {answer.GetProperty("members").GetArrayLength()}";
    }

    private async Task<string> ConnectionStringAsync(IResourceWithConnectionString store) => (await store.ConnectionStringExpression.GetValueAsync(Timeout))!;

    private async Task StopAsync(DistributedApplication app, string member)
    {
        var stopped = await app.ResourceCommands.ExecuteCommandAsync(member, KnownResourceCommands.StopCommand, Timeout);
        Assert.True(stopped.Success, stopped.Message);
        await app.ResourceNotifications.WaitForResourceAsync(member, KnownResourceStates.TerminalStates, Timeout);
    }
}
