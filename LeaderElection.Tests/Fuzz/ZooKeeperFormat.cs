using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;
using LeaderElection.ZooKeeper.Nodes;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What a ZooKeeper server sends: the handshake, replies to one request of each kind, and notifications.</summary>
internal static class ZooKeeperFormat
{
    private static readonly NodeNaming[] Namings = [.. Enum.GetValues<ZooKeeperNodeNaming>().Select(NodeNaming.Create)];

    /// <summary>In the order in which <see cref="Read"/> asks.</summary>
    private static readonly byte[][] Contents =
    [
        Bytes(w => w.Int(0).Int(10_000).Long(0x1234).Buffer(new byte[16]).Bool(false)),
        Bytes(w => Stat(Head(w, 1).Text("/election/e/node_0000000003"))),
        Bytes(w => Stat(Head(w, 2).Buffer("a 0123456789abcdef0123456789abcdef"u8))),
        Bytes(w => Stat(Head(w, 3).Texts(["node_0000000003", "node_-2147483648", "node_2147483647", "0a1b__lock__0000000002", "_c_x-latch-0000000001"]))),
        Bytes(w => Stat(Head(w, 4))),
        Bytes(w => Stat(Head(w, 5).Int((int)OpCode.Check).Bool(false).Int(-1).Int((int)OpCode.SetData).Bool(false).Int(-1)).Int(-1).Bool(true).Int(-1)),
        Bytes(w => Head(w, 6, ErrorCode.NoNode)),
        Bytes(w => Head(w, -2)),
        Bytes(w => Head(w, -1).Int((int)WatchEvent.NodeDeleted).Int(3).Text("/election/e/node_0000000003")),
        Bytes(w => Head(w, -8)),
    ];

    public static FuzzFormat Create() => new("zookeeper", [Stream(Contents)], Read)
    {
        AcceptsSamples = false,
        // Frames that are whole, in an order that is not, with content that is changed.
        Build = dice =>
        {
            byte[][] frames = [.. Contents];
            for (var left = 1 + dice.Below(3); left > 0; left--)
            {
                var i = dice.Below(frames.Length);
                frames[i] = dice.OneIn(8) ? frames[dice.Below(frames.Length)] : Mutator.Mutate(frames[i], Contents, ["/", "node_", "__lock__", "-latch-"], dice);
            }
            return Stream(frames);
        },
    };

    private static byte[] Bytes(Func<JuteWriter, JuteWriter> write) => write(new JuteWriter()).Written.ToArray();

    private static JuteWriter Head(JuteWriter writer, int xid, ErrorCode code = ErrorCode.Ok) => writer.Int(xid).Long(0x500000007).Int((int)code);

    private static JuteWriter Stat(JuteWriter writer) =>
        writer.Long(0x500000003).Long(0x500000004).Long(1_767_323_045_000).Long(1_767_323_045_000).Int(0).Int(0).Int(0).Long(0x1234).Int(34).Int(0).Long(0x500000003);

    private static byte[] Stream(IEnumerable<byte[]> frames) => [.. frames.SelectMany(f => Bytes(w => w.Buffer(f)))];

    private static string? Read(byte[] input)
    {
        var watches = new WatchRegistry();
        var fired = 0;
        var connection = new ServerConnection(new Replay(input, piece: 1 + (input.Length % 50)), TimeProvider.System);
        var shaking = connection.ShakeHandsAsync(new Handshake(0, new byte[16], TimeSpan.FromSeconds(10)), 0, CancellationToken.None);
        Assert.True(shaking.IsCompleted);
        if (shaking.Exception is { } failure)
        {
            connection.End(failure);
            return Known(failure.InnerException!).Message;
        }
        var created = AskAsync(OpCode.Create2, static (ref r) => new Created(r.Text(), LeaderElection.ZooKeeper.Client.Stat.Read(ref r)));
        var data = AskAsync(OpCode.GetData, static (ref r) => new Node(r.Buffer(), LeaderElection.ZooKeeper.Client.Stat.Read(ref r)), new Watch(_ => fired++));
        var children = AskAsync(OpCode.GetChildren2, static (ref r) => r.Texts());
        var exists = AskAsync(OpCode.Exists, LeaderElection.ZooKeeper.Client.Stat.Read);
        var multi = AskAsync(OpCode.Multi, MultiOp.ReadResults);
        var delete = AskAsync(OpCode.Delete, static (ref _) => true);
        var ping = AskAsync(OpCode.Ping, static (ref _) => true);
        var evidence = new SessionEvidence(TimeProvider.System);
        evidence.Handshake(TimeProvider.System.GetTimestamp(), TimeProvider.System.GetTimestamp(), TimeSpan.FromSeconds(10));
        var running = connection.RunAsync(watches, evidence, Known);
        // The watchdog may just be at work, on another thread.
        Assert.True(running.Wait(TimeSpan.FromSeconds(30)), "it goes on after the end");
        foreach (var task in new Task[] { created, data, children, exists, multi, delete, ping })
        {
            Assert.True(task.IsCompleted, "somebody waits for ever");
            if (task.Exception is { InnerException: var error })
                Known(error!);
        }
        Assert.InRange(fired, 0, 1);
        if (children is { IsCompletedSuccessfully: true, Result: { IsOk: true, Value: var names } })
        {
            foreach (var naming in Namings)
                Assert.True(naming.Queue(names!).All(names!.Contains));
        }
        if (data is { IsCompletedSuccessfully: true, Result: { IsOk: true, Value: var node } })
        {
            foreach (var naming in Namings)
                naming.Candidate(node!.Data, "node");
        }
        return running.Result.Message;

        Task<Reply<T>> AskAsync<T>(OpCode op, ReplyDecoder<T> decode, Watch? watch = null)
        {
            var request = new Request<T>(op, new JuteWriter(), decode, "ZooKeeper at x:1", "/election/e/node_0000000003", watch);
            // A session of a few milliseconds can be over by now; what was not taken stays with the one who asks.
            if (!connection.TrySend(request))
                request.Fail(new ElectionStoreException("the connection has ended", isTransient: true));
            return request.Reply;
        }
    }

    /// <summary>A server that makes no sense, or hangs up: nothing else may come of it.</summary>
    private static ElectionStoreException Known(Exception e) => e switch
    {
        ElectionStoreException known => known,
        EndOfStreamException or InvalidDataException or TimeoutException => new ElectionStoreException(e.Message, isTransient: true, e),
        _ => throw new InvalidOperationException("it broke", e),
    };
}
