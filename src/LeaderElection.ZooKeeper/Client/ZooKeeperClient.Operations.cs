namespace LeaderElection.ZooKeeper.Client;

/// <content>The requests. They go out in the order in which these methods are called, before the first await.</content>
internal sealed partial class ZooKeeperClient
{
    private const int AnyVersion = -1;

    /// <summary>The requests that are made until the result is disposed go out in one write.</summary>
    public ServerConnection.Holding Together()
    {
        lock (_lock) return _connection?.Hold() ?? default;
    }

    /// <summary>Keeps the session; the answer proves nothing about the leader, see <see cref="SessionEvidence"/>.</summary>
    public Task<Reply<bool>> PingAsync(CancellationToken cancellationToken = default) =>
        SendAsync(new Request<bool>(OpCode.Ping, new JuteWriter(0), static (ref _) => true, Name, "ping"), cancellationToken);

    /// <summary>Has this server catch up with the leader.</summary>
    public Task<Reply<bool>> SyncAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.Sync, path, w => w, static (ref _) => true, null, cancellationToken);

    public Task<Reply<Created>> CreateAsync(
        string path, ReadOnlySpan<byte> data, IReadOnlyList<Acl> acl, CreateMode mode, CancellationToken cancellationToken = default) =>
        CreateFullAsync(Full(path), data, acl, mode, cancellationToken);

    /// <summary>Creates a node, and all above it, where they do not exist yet.</summary>
    /// <param name="mode">Persistent or container.</param>
    /// <param name="hasParents">Whether it is known that all above it exist.</param>
    public async Task EnsurePathAsync(
        string path, IReadOnlyList<Acl> acl, CreateMode mode, CancellationToken cancellationToken = default, bool hasParents = false)
    {
        // The folder of the connect string may be missing as well. All at once: a parent goes out before its child.
        var replies = await Task.WhenAll((hasParents ? [Full(path)] : ZooKeeperPath.WithParents(Full(path)))
            .Select(p => CreateFullAsync(p, [], acl, mode, cancellationToken))).ConfigureAwait(false);
        if (replies[^1].Code is ErrorCode.Ok or ErrorCode.NodeExists)
            return;
        // Where we may not create, the node may be there all the same.
        if ((await ExistsAsync(path, null, cancellationToken).ConfigureAwait(false)).IsOk)
            return;
        throw replies.First(r => r.Code is not (ErrorCode.Ok or ErrorCode.NodeExists)).Error();
    }

    public Task<Reply<bool>> DeleteAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.Delete, path, static w => w.Int(AnyVersion), static (ref _) => true, null, cancellationToken);

    /// <param name="watch">Fires when the node comes into being, is changed or deleted.</param>
    public Task<Reply<Stat>> ExistsAsync(string path, Watch? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.Exists, path, w => w.Bool(watch is not null), Stat.Read, watch, cancellationToken);

    /// <param name="watch">Fires when the node is changed or deleted; not set when there is no such node.</param>
    public Task<Reply<Node>> GetDataAsync(string path, Watch? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.GetData, path, w => w.Bool(watch is not null), static (ref r) => new Node(r.Buffer(), Stat.Read(ref r)), watch, cancellationToken);

    /// <param name="watch">Fires when a child comes or goes, or the node is deleted; not set when there is no such node.</param>
    public Task<Reply<string[]>> GetChildrenAsync(string path, Watch? watch = null, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.GetChildren2, path, w => w.Bool(watch is not null), static (ref r) => r.Texts(), watch, cancellationToken);

    public Task<Reply<Stat>> SetDataAsync(string path, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        SendAsync(OpCode.SetData, path, w => w.Buffer(data.Span).Int(AnyVersion), Stat.Read, null, cancellationToken);

    /// <summary>All or nothing. The reply's value, also when it failed: what became of each, the first that was wrong with its reason.</summary>
    public Task<Reply<ErrorCode[]>> MultiAsync(IReadOnlyList<MultiOp> ops, CancellationToken cancellationToken = default)
    {
        var body = new JuteWriter();
        foreach (var op in ops)
            op.Write(body, Full(op.Path));
        MultiOp.WriteEnd(body);
        return SendAsync(new Request<ErrorCode[]>(OpCode.Multi, body, MultiOp.ReadResults, Name, Full(ops[0].Path)), cancellationToken);
    }

    private Task<Reply<Created>> CreateFullAsync(
        string fullPath, ReadOnlySpan<byte> data, IReadOnlyList<Acl> acl, CreateMode mode, CancellationToken cancellationToken)
    {
        var op = mode == CreateMode.Container ? OpCode.CreateContainer : OpCode.Create2;
        var body = new JuteWriter().Text(fullPath).Buffer(data);
        Acl.Write(body, acl);
        return SendAsync(new Request<Created>(op, body.Int((int)mode), ReadCreated, Name, fullPath), cancellationToken);
    }

    private Created ReadCreated(ref JuteReader reader)
    {
        var path = reader.Text();
        var chroot = _options.Servers.Chroot.Length;
        return new Created(path.Length > chroot ? path[chroot..] : path, Stat.Read(ref reader));
    }

    private Task<Reply<T>> SendAsync<T>(
        OpCode op, string path, Func<JuteWriter, JuteWriter> arguments, ReplyDecoder<T> decode, Watch? watch, CancellationToken cancellationToken)
    {
        watch?.HandOver();
        var full = Full(path);
        return SendAsync(new Request<T>(op, arguments(new JuteWriter(full.Length + 16).Text(full)), decode, Name, full, watch), cancellationToken);
    }

    private string Full(string path) => _options.Servers.Chroot is { Length: > 0 } chroot ? (path == "/" ? chroot : chroot + path) : path;
}
