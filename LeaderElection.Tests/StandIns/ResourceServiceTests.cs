using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.StandIns;

/// The stand-in's service to the dashboard, asked as the dashboard asks.
[Collection("App")]
public sealed class ResourceServiceTests : IDisposable
{
    private const int Unauthenticated = 16;
    private const int Unimplemented = 12;
    private const long Succeeded = 1;
    private const long Failed = 2;

    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private CancellationToken Timeout => _timeout.Token;

    public void Dispose() => _timeout.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("wrong")]
    public async Task AnyCall_WithoutTheKey_IsRefused(string? key)
    {
        if (!StandIn.IsUsed)
            return;

        var builder = CreateBuilder();
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = new ResourceServiceClient(ResourceServiceClient.AddressOf(builder), key);

        foreach (var method in (string[])["GetApplicationInformation", "WatchResources", "WatchResourceConsoleLogs", "ExecuteResourceCommand", "WatchInteractions", "Other"])
        {
            var (status, reply) = await client.CallAsync(method, new(), Timeout);

            Assert.Equal(Unauthenticated, status);
            Assert.Null(reply);
        }

        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task GetApplicationInformation_SaysWhoseResourcesTheseAre()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = CreateBuilder();
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = ResourceServiceClient.For(builder);

        var (status, reply) = await client.CallAsync("GetApplicationInformation", new(), Timeout);
        var (other, _) = await client.CallAsync("Other", new(), Timeout);

        Assert.Equal(0, status);
        Assert.NotEmpty(reply!.Text(1));
        Assert.Equal("13.5.0", reply.Text(2));
        Assert.Equal(Unimplemented, other);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task WatchResources_TenClientsAtOnce_SeeTheSame()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = CreateBuilder();
        builder.AddEcho("echo").WithReplicas(2);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        var clients = Enumerable.Range(0, 10).Select(_ => ResourceServiceClient.For(builder)).ToList();
        var ids = (await app.WaitForReplicasAsync("echo", 2, Timeout)).Keys.Order().ToList();

        var seen = await Task.WhenAll(clients.Select(client => SeeAsync(client, 2, "Running")));
        var stopped = clients.Select(client => client.WaitForAsync(ids[0], "Finished", Timeout)).ToList();
        var result = await clients[3].ExecuteAsync(ids[0], "stop", Timeout);

        Assert.All(seen, names => Assert.Equal(ids, names));
        Assert.Equal((Succeeded, $"Successfully stopped '{ids[0]}'."), result);
        Assert.All(await Task.WhenAll(stopped), resource => Assert.Equal(0, ResourceFields.CommandStates(resource)["start"]));
        clients.ForEach(client => client.Dispose());
        await app.StopAsync(Timeout);

        async Task<List<string>> SeeAsync(ResourceServiceClient client, int count, string state)
        {
            var names = new SortedSet<string>();
            await foreach (var resource in client.WatchResourcesAsync(Timeout))
            {
                if (resource.Text(ResourceFields.State) == state && resource.Text(ResourceFields.Name).StartsWith("echo-", StringComparison.Ordinal))
                    names.Add(resource.Text(ResourceFields.Name));

                if (names.Count == count)
                    break;
            }

            return [.. names];
        }
    }

    [Fact]
    public async Task ExecuteResourceCommand_StopAndStart_KeepTheRowAndSetItsCommands()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = CreateBuilder();
        builder.AddEcho("echo");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = ResourceServiceClient.For(builder);

        var running = await client.WaitForAsync("echo-", "Running", Timeout);
        var name = running.Text(ResourceFields.Name);
        var stop = await client.ExecuteAsync(name, "stop", Timeout);
        var finished = await client.WaitForAsync(name, "Finished", Timeout);
        var stopAgain = await client.ExecuteAsync(name, "stop", Timeout);
        var start = await client.ExecuteAsync(name, "start", Timeout);
        var again = await client.WaitForAsync(name, "Running", Timeout);
        var unknown = await client.ExecuteAsync(name, "explode", Timeout);

        Assert.Equal(new Dictionary<string, long> { ["start"] = 2, ["stop"] = 0, ["restart"] = 0 }, ResourceFields.CommandStates(running));
        Assert.Equal(new Dictionary<string, long> { ["start"] = 0, ["stop"] = 2, ["restart"] = 1 }, ResourceFields.CommandStates(finished));
        Assert.Equal(ResourceFields.CommandStates(running), ResourceFields.CommandStates(again));
        Assert.Equal((Succeeded, Succeeded, Succeeded), (stop.Kind, stopAgain.Kind, start.Kind));
        Assert.Equal((Failed, $"Command 'explode' not available for resource '{name}'."), unknown);
        Assert.EndsWith("Echo.csproj", ResourceFields.Property(running, "project.path"), StringComparison.Ordinal);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task CustomResource_ItsChangesAndCommands_ReachTheClient()
    {
        if (!StandIn.IsUsed)
            return;

        var builder = CreateBuilder();
        var called = string.Empty;
        var crown = builder.AddResource(new CrownResource("crown"))
            .WithInitialState(new() { ResourceType = "Crown", Properties = [new("token", "1")], State = new("nobody", KnownResourceStateStyles.Warn) })
            .WithIconName("Crown")
            .WithCommand(
                "abdicate",
                "Abdicate",
                context =>
                {
                    called = context.ResourceName;
                    return Task.FromResult(CommandResults.Success("gone"));
                },
                new CommandOptions
                {
                    ConfirmationMessage = "Sure?",
                    UpdateState = context => context.ResourceSnapshot.State?.Text == "nobody" ? ResourceCommandState.Disabled : ResourceCommandState.Enabled,
                })
            .WithCommand("fail", "Fail", _ => throw new InvalidOperationException("no way"), new CommandOptions());
        builder.AddExecutable("subject", "sleep", ".", "1000").WithParentRelationship(crown);
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = ResourceServiceClient.For(builder);

        var before = await client.WaitForAsync("crown", "nobody", Timeout);
        var subject = await client.WaitForAsync("subject-", "Running", Timeout);
        var changed = client.WaitForAsync("crown", "somebody", Timeout);
        await app.ResourceNotifications.PublishUpdateAsync(crown.Resource, s => s with { State = new("somebody", KnownResourceStateStyles.Success), Properties = [new("token", "2")] });
        var after = await changed;

        Assert.Equal("Crown", before.Text(ResourceFields.Type));
        Assert.Equal("Crown", before.Text(ResourceFields.IconName));
        Assert.Equal("warn", before.Text(ResourceFields.StateStyle));
        Assert.True(before.Has(ResourceFields.CreatedAt));
        Assert.Equal(1, ResourceFields.CommandStates(before)["abdicate"]);
        Assert.Equal("Sure?", before.Messages(ResourceFields.Commands)[0].Text(3));
        Assert.Equal("crown", ResourceFields.Property(subject, "resource.parentName"));
        Assert.Contains(subject.Messages(ResourceFields.Relationships), relation => (relation.Text(1), relation.Text(2)) == ("crown", "Parent"));
        Assert.Equal("2", ResourceFields.Property(after, "token"));
        Assert.Equal("success", after.Text(ResourceFields.StateStyle));
        Assert.Equal(0, ResourceFields.CommandStates(after)["abdicate"]);
        Assert.Equal((Succeeded, "gone"), await client.ExecuteAsync("crown", "abdicate", Timeout));
        Assert.Equal("crown", called);
        Assert.Equal((Failed, "no way"), await client.ExecuteAsync("crown", "fail", Timeout));
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task WatchResources_SlowClient_SkipsToTheLatest()
    {
        if (!StandIn.IsUsed)
            return;

        const int changes = 20_000;
        var builder = CreateBuilder();
        var crown = builder.AddResource(new CrownResource("crown")).WithInitialState(new() { ResourceType = "Crown", Properties = [], State = "0" });
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = ResourceServiceClient.For(builder);
        await using var slow = client.WatchResourcesAsync(Timeout).GetAsyncEnumerator(Timeout);
        Assert.True(await slow.MoveNextAsync());

        for (var i = 1; i <= changes; i++)
            await app.ResourceNotifications.PublishUpdateAsync(crown.Resource, s => s with { State = i.ToString(CultureInfo.InvariantCulture), Properties = [new("text", new string('x', 1000))] });

        var received = 0;
        while (slow.Current.Text(ResourceFields.State) != $"{changes}" && await slow.MoveNextAsync())
            received++;

        Assert.InRange(received, 1, changes / 2);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task WatchResourceConsoleLogs_BothStreams_ArriveInOrder()
    {
        if (!StandIn.IsUsed || OperatingSystem.IsWindows())
            return;

        var builder = CreateBuilder();
        builder.AddExecutable("talker", "sh", ".", "-c", "echo one; sleep 0.1; echo two >&2; exec sleep 1000");
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var client = ResourceServiceClient.For(builder);
        var name = (await client.WaitForAsync("talker-", "Running", Timeout)).Text(ResourceFields.Name);

        var lines = new List<(string Text, bool IsError, long Number)>();
        await foreach (var update in client.StreamAsync("WatchResourceConsoleLogs", new ProtoMessage().With(1, name), Timeout))
        {
            lines.AddRange(update.Messages(1).Select(line => (line.Text(1), line.Number(2) == 1, line.Number(3))));
            if (lines.Count >= 2)
                break;
        }

        var all = new List<ProtoMessage>();
        await foreach (var update in client.StreamAsync("WatchResourceConsoleLogs", new ProtoMessage().With(1, name).With(2, true), Timeout))
            all.AddRange(update.Messages(1));

        // Each line begins with its time.
        Assert.Equal([("one", false, 1), ("two", true, 2)], lines.Select(line => (line.Text.Split(' ')[1], line.IsError, line.Number)));
        Assert.Equal(2, all.Count);
        await app.StopAsync(Timeout);
    }

    [Fact]
    public async Task Service_OnOtherAddressesOfTheMachine_DoesNotListen()
    {
        var outside = NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address).FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        if (!StandIn.IsUsed || outside is null)
            return;

        var builder = CreateBuilder();
        await using var app = builder.Build();
        await app.StartAsync(Timeout);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);

        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(outside, ResourceServiceClient.AddressOf(builder).Port, Timeout).AsTask());
        await app.StopAsync(Timeout);
    }

    /// With the service, but without a page.
    private static IDistributedApplicationBuilder CreateBuilder() => TestApplication.CreateBuilder(withDashboard: true, "--DcpPublisher:DashboardPath=/nowhere");
}
