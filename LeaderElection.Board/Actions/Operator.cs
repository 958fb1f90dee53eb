using System.Collections.Concurrent;
using System.Threading.Channels;
using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Actions;

/// <summary>The one who can start, stop and restart replicas, while it is connected. The latest to connect takes over.</summary>
internal sealed class Operator(ChangeFeed changes, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<long, TaskCompletionSource<string?>> _running = [];
    private volatile Channel<Operation>? _connection;
    private long _ids;

    public bool IsConnected => _connection is not null;

    /// <summary>Has it do something, and waits until it has.</summary>
    /// <returns>Why that failed, in one line; <see langword="null"/> if it did not.</returns>
    public async Task<string?> RunAsync(string command, string resource, CancellationToken cancellationToken)
    {
        if (_connection is not { } connection)
            return $"no operator is connected, who could {command} {resource}";
        var operation = new Operation(Interlocked.Increment(ref _ids), command, resource);
        var ended = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[operation.Id] = ended;
        try
        {
            if (!connection.Writer.TryWrite(operation))
                return "the operator has gone";
            return await Task.WhenAny(ended.Task, connection.Reader.Completion).WaitAsync(Patience, time, cancellationToken) == ended.Task
                ? await ended.Task
                : $"the operator has gone before it could {command} {resource}";
        }
        catch (TimeoutException)
        {
            return $"the operator did not {command} {resource} within {Patience.TotalSeconds} s";
        }
        finally
        {
            _running.TryRemove(operation.Id, out _);
        }
    }

    /// <summary>An operation has ended.</summary>
    /// <returns>Whether anybody was waiting for it.</returns>
    public bool Complete(long id, string? error) => _running.TryGetValue(id, out var ended) && ended.TrySetResult(error);

    public Channel<Operation> Connect()
    {
        var connection = Channel.CreateUnbounded<Operation>(new UnboundedChannelOptions { SingleReader = true });
        var before = Interlocked.Exchange(ref _connection, connection);
        if (before is not null)
            End(before);
        changes.BoardChanged();
        return connection;
    }

    public void Disconnect(Channel<Operation> connection)
    {
        Interlocked.CompareExchange(ref _connection, null, connection);
        End(connection);
        changes.BoardChanged();
    }

    private static void End(Channel<Operation> connection)
    {
        connection.Writer.TryComplete();
        // What nobody will read any more; only then is it complete for those who wait.
        while (connection.Reader.TryRead(out _))
        {
        }
    }
}
