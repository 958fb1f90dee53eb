using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using LeaderElection.Tests.Processes;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.ZooKeeper;

/// <summary>What the client makes of peers that are broken or something else.</summary>
public sealed class FakePeerTests
{
    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "is it a ZooKeeper server")]
    [InlineData("\u0001\u0001", "the server closed the connection")]
    [InlineData("\0\0\0\u0002ab", "makes no sense")]
    [InlineData("", "the server closed the connection")]
    public async Task Handshake_AnsweredWithNonsense_IsRefusedInOneLine(string answer, string expected)
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ReadFrameAsync(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        });
        var error = await FailsAsync(peer);
        Assert.Contains(expected, error.Message);
        Assert.Contains(peer.Endpoint, error.Message);
        Assert.True(error.IsTransient);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(7, 0, "out of order")]
    [InlineData(-2, 0, "what was not asked")]
    public async Task Reply_ToWhatWasNotAsked_EndsTheConnection(int xid, int code, string expected)
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ShakeHandsAsync(stream, 5);
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.SendAsync(stream, new JuteWriter().Int(xid).Long(1).Int(code));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/"));
        Assert.Contains(expected, error.Message);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task Reply_WithALengthThatDoesNotFit_EndsTheConnection()
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ShakeHandsAsync(stream, 5);
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.SendAsync(stream, new JuteWriter().Int(1).Long(1).Int(0).Int(int.MaxValue));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.GetChildrenAsync("/"));
        Assert.Contains("makes no sense", error.Message);
    }

    [Fact]
    public async Task Credentials_Refused_IsAnErrorThatRetryingDoesNotMend()
    {
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ShakeHandsAsync(stream, 5);
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.SendAsync(stream, new JuteWriter().Int(-4).Long(0).Int((int)ErrorCode.AuthFailed));
            // To hang up on a request that was not read would take the answer away again.
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint, digest: "me:my-secret");
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/"));
        Assert.False(error.IsTransient);
        Assert.Contains("user name and password were refused", error.Message);
        Assert.DoesNotContain("secret", error.ToString());
    }

    [Fact]
    public async Task ServerThatFallsSilent_IsLeftAndTheSessionTakenToTheNext()
    {
        var asked = new ConcurrentQueue<long>();
        await using var peer = new FakePeer(async (stream, number) =>
        {
            asked.Enqueue(await FakePeer.ShakeHandsAsync(stream, 5));
            var request = await FakePeer.ReadFrameAsync(stream);
            if (number == 1)
                await FakePeer.ReadFrameAsync(stream);
            var xid = new JuteReader(request).Int();
            await FakePeer.SendAsync(stream, new JuteWriter().Int(xid).Long(1).Int((int)ErrorCode.NoNode));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/"));
        Assert.Contains("did not answer in time", error.Message);
        Assert.Equal(ErrorCode.NoNode, (await client.ExistsAsync("/")).Code);
        Assert.Equal([0, 5], asked);
    }

    [Theory]
    [InlineData(5, 2000)]
    [InlineData(6, 3000)]
    public async Task Session_ComesBackShorterOrAsAnother_IsGivenUp(long session, int milliseconds)
    {
        await using var peer = new FakePeer(async (stream, number) =>
        {
            await FakePeer.ReadFrameAsync(stream);
            await FakePeer.SendAsync(stream, number == 1
                ? new JuteWriter().Int(0).Int(3000).Long(5).Buffer(new byte[16])
                : new JuteWriter().Int(0).Int(milliseconds).Long(session).Buffer(new byte[16]));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        var expired = new TaskCompletionSource();
        client.Expired += expired.SetResult;
        await Assert.ThrowsAsync<ElectionStoreException>(() => client.ExistsAsync("/").WaitAsync(Eventually.Limit, TimeProvider.System));
        await expired.Task.WaitAsync(Eventually.Limit, TimeProvider.System);
    }

    [Fact]
    public async Task Request_CalledOffBeforeItWentOut_NeverDoes()
    {
        var proceed = new TaskCompletionSource();
        var frames = new ConcurrentQueue<OpCode>();
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await proceed.Task;
            await FakePeer.ShakeHandsAsync(stream, 5);
            while (true)
            {
                var reader = new JuteReader(await FakePeer.ReadFrameAsync(stream));
                var xid = reader.Int();
                frames.Enqueue((OpCode)reader.Int());
                await FakePeer.SendAsync(stream, new JuteWriter().Int(xid).Long(1).Int((int)ErrorCode.NoNode));
            }
        });
        await using var client = TestClient.Create(peer.Endpoint);
        using var stop = new CancellationTokenSource();
        var creating = client.CreateAsync("/x", [], Acl.Open, CreateMode.Ephemeral, stop.Token);
        var reading = client.ExistsAsync("/x");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creating);
        proceed.SetResult();
        await reading;
        Assert.Equal([OpCode.Exists], frames);
    }

    [Fact]
    public async Task Create_OfAContainer_IsARequestOfItsOwn()
    {
        var asked = new TaskCompletionSource<(OpCode Op, CreateMode Mode)>();
        await using var peer = new FakePeer(async (stream, _) =>
        {
            await FakePeer.ShakeHandsAsync(stream, 5);
            var frame = await FakePeer.ReadFrameAsync(stream);
            asked.SetResult(((OpCode)BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4)), (CreateMode)BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(frame.Length - 4))));
            await FakePeer.ReadFrameAsync(stream);
        });
        await using var client = TestClient.Create(peer.Endpoint);
        var creating = client.CreateAsync("/x", [], Acl.Open, CreateMode.Container);
        Assert.Equal((OpCode.CreateContainer, CreateMode.Container), await asked.Task.WaitAsync(Eventually.Limit, TimeProvider.System));
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ElectionStoreException>(() => creating);
    }

    private static async Task<ElectionStoreException> FailsAsync(FakePeer peer)
    {
        await using var client = TestClient.Create(peer.Endpoint);
        return await Assert.ThrowsAsync<ElectionStoreException>(() => client.PingAsync());
    }
}
