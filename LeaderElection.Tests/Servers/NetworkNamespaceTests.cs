using System.Net;
using System.Net.Sockets;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

public sealed class NetworkNamespaceTests : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _disposables = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var disposable in Enumerable.Reverse(_disposables))
            await disposable.DisposeAsync();
    }

    [NetworkFact]
    public async Task Drop_NothingArrivesEitherWay_UntilResume()
    {
        var (cut, other) = (await ConnectAsync(), await ConnectAsync());
        await cut.Network.DropAsync();
        await cut.SendBothWaysAsync();
        await other.SendBothWaysAsync();
        // What is sent later on the other cable arrives.
        await other.HeardByServerAsync();
        await other.HeardByClientAsync();
        Assert.Equal(0, cut.Server.Available);
        Assert.Empty(cut.Client.StandardOutput);
        Assert.False(cut.Client.HasExited);
        await cut.Network.ResumeAsync();
        await cut.HeardByServerAsync();
        await cut.HeardByClientAsync();
    }

    [NetworkFact]
    public async Task Deafen_IsHeardAndHearsNothing_UntilResume()
    {
        var deaf = await ConnectAsync();
        await deaf.Network.DeafenAsync();
        await deaf.SendBothWaysAsync();
        await deaf.HeardByServerAsync();
        Assert.Empty(deaf.Client.StandardOutput);
        await deaf.Network.ResumeAsync();
        await deaf.HeardByClientAsync();
    }

    [NetworkFact]
    public async Task Dispose_LeavesNothingBehind()
    {
        var network = await NetworkNamespace.CreateAsync();
        var name = network.Command[1].Split('=')[1];
        Assert.True(File.Exists(name));
        await network.DisposeAsync();
        Assert.False(File.Exists(name));
    }

    private async Task<Line> ConnectAsync()
    {
        var network = await NetworkNamespace.CreateAsync();
        _disposables.Add(network);
        using var listener = new TcpListener(IPAddress.Parse(network.HostAddress), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        // What comes by its input goes to the server, and the other way round.
        var client = ChildProcess.Start(
            network.Command[0], [.. network.Command[1..], "bash", "-c", $"exec 3<>/dev/tcp/{network.HostAddress}/{port}; cat <&3 & exec cat >&3"], keepsInput: true);
        _disposables.Add(client);
        return new Line(network, client, await listener.AcceptSocketAsync());
    }

    private sealed record Line(NetworkNamespace Network, ChildProcess Client, Socket Server)
    {
        public async Task SendBothWaysAsync()
        {
            await Client.WriteLineAsync("to the server");
            await Server.SendAsync("to the client\n"u8.ToArray());
        }

        public Task HeardByServerAsync() => Eventually.TrueAsync(() => Server.Available > 0, "what was sent to the server");

        public Task HeardByClientAsync() => Client.WaitForLineAsync("to the client");
    }
}
