namespace LeaderElection.ZooKeeper.Client;

/// <summary>A request with an answer of that kind.</summary>
/// <param name="store">The servers, for errors.</param>
/// <param name="watch">A watch that the request sets.</param>
internal sealed class Request<T>(OpCode op, JuteWriter body, ReplyDecoder<T> decode, string store, string path, Watch? watch = null)
    : PendingRequest(op)
{
    private readonly TaskCompletionSource<Reply<T>> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ReadOnlyMemory<byte> Body => body.Written;

    public override bool IsDone => _reply.Task.IsCompleted;

    public Task<Reply<T>> Reply => _reply.Task;

    public override void Complete(ErrorCode code, ref JuteReader reader, WatchRegistry watches)
    {
        try
        {
            var value = code == ErrorCode.Ok ? decode(ref reader) : default;
            // Before anybody is told: the event may be in the next frame.
            if (watch is not null && KindSet(code) is { } kind)
                watches.Add(watch, path, kind);
            _reply.TrySetResult(new Reply<T>(code, value, Sent, store, path));
        }
        catch (InvalidDataException e)
        {
            Fail(new ElectionStoreException($"{store}, {path}: {e.Message}", isTransient: true, e));
            throw;
        }
    }

    public override void Fail(Exception error)
    {
        if (_reply.TrySetException(error))
            // Who called it off does not look.
            _ = _reply.Task.Exception;
    }

    /// <summary>Which watch the server has set with this answer.</summary>
    private WatchKind? KindSet(ErrorCode code) => (Op, code) switch
    {
        (OpCode.Exists, ErrorCode.NoNode) => WatchKind.Exist,
        (OpCode.GetChildren2, ErrorCode.Ok) => WatchKind.Child,
        (_, ErrorCode.Ok) => WatchKind.Data,
        _ => null,
    };
}
