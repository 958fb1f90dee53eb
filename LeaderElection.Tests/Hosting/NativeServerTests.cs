using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Hosting;

/// <summary>The servers that are installed on this machine, started by an application.</summary>
[Collection("App")]
public sealed class NativeServerTests : IDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    public static TheoryData<string, string> Servers => new()
    {
        { "redis", @"^127\.0\.0\.1:\d+$" },
        { "etcd", @"^http://127\.0\.0\.1:\d+$" },
        { "zookeeper", @"^127\.0\.0\.1:\d+$" },
    };

    public void Dispose()
    {
        _timeout.Dispose();
        _data.Dispose();
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Server_BecomesHealthy_AndEndsWithTheApplication_AndTakesUpItsDataAtAnotherPort(string server, string connectionString)
    {
        for (var run = 1; run <= 2; run++)
        {
            var builder = TestApplication.CreateBuilder();
            var resource = Add(builder, server);
            await using var app = builder.Build();
            await app.StartAsync(_timeout.Token);

            var healthy = await app.ResourceNotifications.WaitForResourceHealthyAsync(server, _timeout.Token);
            Assert.NotEmpty(healthy.Snapshot.HealthReports);
            Assert.Matches(connectionString, await resource.ConnectionStringExpression.GetValueAsync(_timeout.Token));
            Assert.True(await ListensAsync(resource.PrimaryEndpoint.Port));

            await app.StopAsync(_timeout.Token);
            // Aspire's orchestrator ends what it started a little later than it says.
            await Eventually.GetAsync(() => ListensAsync(resource.PrimaryEndpoint.Port), static listens => !listens, $"{server} to end");
        }
    }

    [Fact]
    public async Task ZooKeeper_WithoutItsJar_EndsWithoutTheApplication()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddNativeZooKeeper("zookeeper", NativeServer.Find("java")!, Path.Combine(_data.Path, "none.jar"), _data.Path);
        await using var app = builder.Build();
        await app.StartAsync(_timeout.Token);

        var ended = await app.ResourceNotifications.WaitForResourceAsync("zookeeper", KnownResourceStates.TerminalStates, _timeout.Token);

        Assert.Contains(ended, KnownResourceStates.TerminalStates);
        await app.StopAsync(_timeout.Token);
    }

    private NativeServerResource Add(IDistributedApplicationBuilder builder, string server) => server switch
    {
        "redis" => builder.AddNativeRedis(server, NativeServer.Find("redis-server")!, _data.Path).Resource,
        "etcd" => builder.AddNativeEtcd(server, NativeServer.Find("etcd")!, _data.Path).Resource,
        _ => builder.AddNativeZooKeeper(server, NativeServer.Find("java")!, NativeServer.FindZooKeeper()!, _data.Path).Resource,
    };

    private async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, _timeout.Token);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
