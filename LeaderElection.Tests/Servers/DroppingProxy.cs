using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Tests.Servers;

/// <summary>A TCP proxy before a server: the network between a client and it, to be broken at will.</summary>
public sealed class DroppingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly ConcurrentDictionary<Connection, Task> _connections = new();
    private readonly Task _accepts;
    private readonly Func<MessageFilter>? _messages;
    private volatile TaskCompletionSource _open = Opened();
    private volatile TaskCompletionSource _requestsOpen = Opened();
    private volatile TaskCompletionSource _answersOpen = Opened();
    private volatile Hold? _heldRequests;
    private volatile Hold? _heldAnswers;
    private volatile bool _losesEvents;
    private Func<byte[], byte[]>? _rewrite;
    private long _answersTake;
    private int _accepted;
    private volatile bool _isDelivering;

    /// <param name="target">The port that it stands before.</param>
    /// <param name="targetAddress">The address of that, if not loopback.</param>
    /// <param name="address">Where it listens itself, if not on loopback.</param>
    /// <param name="messages">Made for each connection, where events are to be lost.</param>
    public DroppingProxy(int target, string? targetAddress = null, string? address = null, Func<MessageFilter>? messages = null)
    {
        _messages = messages;
        _target = new IPEndPoint(Address(targetAddress), target);
        _listener = new TcpListener(Address(address), 0);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Endpoint = _listener.LocalEndpoint.ToString()!;
        _accepts = AcceptAsync();
    }

    public int Port { get; }

    public string Endpoint { get; }

    /// <summary>How many connections were made to it so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Whether something is held that a client has sent.</summary>
    public bool HoldsRequest => _connections.Keys.Any(c => c.HoldsRequest);

    /// <summary>Whether something is held that the server has answered.</summary>
    public bool HoldsAnswer => _connections.Keys.Any(c => c.HoldsAnswer);

    /// <summary>From now on nothing gets through, no byte and no end of a connection, and nobody is told: connections stay open, and new ones open.</summary>
    public void Drop()
    {
        if (_open.Task.IsCompleted)
            _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The same one way: the server hears its clients, and they hear nothing.</summary>
    public void DropAnswers()
    {
        if (_answersOpen.Task.IsCompleted)
            _answersOpen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The same the other way: clients hear the server, which hears nothing.</summary>
    public void DropRequests()
    {
        if (_requestsOpen.Task.IsCompleted)
            _requestsOpen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>
    /// What clients send on the connections that there are is held back, and delivered by <see cref="Resume"/>, also when the client
    /// has given up meanwhile; new connections work.
    /// </summary>
    public void HoldRequests() => _heldRequests ??= new Hold(Accepted);

    /// <summary>The same with the answers on the connections that there are.</summary>
    public void HoldAnswers() => _heldAnswers ??= new Hold(Accepted);

    /// <summary>From now on, until <see cref="Resume"/>, events are lost, on connections that stand.</summary>
    public void LoseEvents() => _losesEvents = true;

    /// <summary>From now on each answer is late by this.</summary>
    public void Slow(TimeSpan by) => Interlocked.Exchange(ref _answersTake, by.Ticks);

    /// <summary>From now on each answer is passed through this, as it comes from the network; <see langword="null"/> leaves them as they are.</summary>
    public void RewriteAnswers(Func<byte[], byte[]>? rewrite) => Volatile.Write(ref _rewrite, rewrite);

    /// <summary>Lets through again. What was under way arrives late, as TCP sends it again; <see cref="Cut"/> before loses it.</summary>
    public void Resume()
    {
        Slow(TimeSpan.Zero);
        _losesEvents = false;
        _heldRequests?.Over.TrySetResult();
        _heldAnswers?.Over.TrySetResult();
        (_heldRequests, _heldAnswers) = (null, null);
        _open.TrySetResult();
        _requestsOpen.TrySetResult();
        _answersOpen.TrySetResult();
    }

    /// <summary>
    /// What the clients sent reaches the server after all, and nobody hears what it answers, as when they have gone meanwhile.
    /// Returns when it has answered, or hung up, wherever something was held; that a client has hung up it hears only then.
    /// </summary>
    public async Task DeliverAsync()
    {
        _isDelivering = true;
        var late = _connections.Keys.Where(c => c.HoldsRequest).ToArray();
        if (late is [])
            throw new InvalidOperationException("Nothing is held.");
        _requestsOpen.TrySetResult();
        await Task.WhenAll(late.Select(c => c.Heard.Task));
    }

    /// <summary>The connections that there are carry nothing any more, as when one side is gone without a word; new ones do.</summary>
    public void Strand()
    {
        foreach (var connection in _connections.Keys)
            connection.IsStranded = true;
    }

    /// <summary>Resets all connections that there are; new ones are possible.</summary>
    public void Cut()
    {
        foreach (var connection in _connections.Keys)
            connection.Ended.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepts;
        Cut();
        await Task.WhenAll(_connections.Values);
    }

    private static IPAddress Address(string? address) => address is null ? IPAddress.Loopback : IPAddress.Parse(address);

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            var connection = new Connection(Interlocked.Increment(ref _accepted));
            // Known before it is served, so that no cut misses it.
            _connections[connection] = Task.CompletedTask;
            _connections[connection] = ConnectAsync(client, connection);
        }
    }

    private async Task ConnectAsync(Socket client, Connection connection)
    {
        var cut = connection.Ended.Token;
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await _open.Task.WaitAsync(cut);
            await server.ConnectAsync(_target, cut);
            await Task.WhenAll(PumpAsync(client, server, isAnswer: false, connection), PumpAsync(server, client, isAnswer: true, connection));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            ResetWhenClosed(client);
            ResetWhenClosed(server);
        }
        finally
        {
            connection.Heard.TrySetResult();
        }
    }

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    /// <summary>Closed without lingering, a socket sends a reset.</summary>
    private static void ResetWhenClosed(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other pump has closed it.
        }
    }

    private async Task PassAsync(bool isAnswer, Connection connection, bool isData)
    {
        var cut = connection.Ended.Token;
        if (isAnswer && new TimeSpan(Interlocked.Read(ref _answersTake)) is { Ticks: > 0 } late)
            await Task.Delay(late, TimeProvider.System, cut);
        var gate = (isAnswer ? _answersOpen : _requestsOpen).Task;
        connection.Holds(isAnswer, isData && !(gate.IsCompleted && _open.Task.IsCompleted));
        if ((isAnswer ? _heldAnswers : _heldRequests) is { } hold && connection.Number <= hold.Last)
            await hold.Over.Task.WaitAsync(cut);
        await _open.Task.WaitAsync(cut);
        await gate.WaitAsync(cut);
        if (connection.IsStranded)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cut);
        connection.Holds(isAnswer, false);
    }

    private async Task PumpAsync(Socket from, Socket to, bool isAnswer, Connection connection)
    {
        var cut = connection.Ended.Token;
        var messages = isAnswer ? _messages?.Invoke() : null;
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, cut);
                if (isAnswer && (count == 0 || _isDelivering))
                    connection.Heard.TrySetResult();
                if (isAnswer && count > 0 && _isDelivering)
                    continue;
                if (count == 0 && _isDelivering)
                    await connection.Heard.Task.WaitAsync(cut);
                await PassAsync(isAnswer, connection, isData: count > 0);
                if (count == 0)
                    break;
                ReadOnlyMemory<byte> passed = buffer.AsMemory(0, count);
                if (isAnswer && Volatile.Read(ref _rewrite) is { } rewrite)
                    passed = rewrite(passed.ToArray());
                if (messages is not null)
                    passed = messages.Pass(passed.Span, _losesEvents);
                while (passed.Length > 0)
                    passed = passed[await to.SendAsync(passed, cut)..];
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // One side has failed: so the other one has to hear of it, or its pump would wait for ever.
            if (isAnswer)
                connection.Heard.TrySetResult();
            else if (_isDelivering)
                await connection.Heard.Task.WaitAsync(cut);
            await PassAsync(isAnswer, connection, isData: false);
            ResetWhenClosed(to);
            to.Close();
            throw;
        }
    }

    /// <param name="number">Which it is of those that were made.</param>
    private sealed class Connection(int number)
    {
        private volatile bool _holdsRequest;
        private volatile bool _holdsAnswer;

        public int Number => number;

        /// <summary>Cancelled when it is reset.</summary>
        public CancellationTokenSource Ended { get; } = new();

        /// <summary>Set when the server has answered what was delivered late, or has hung up.</summary>
        public TaskCompletionSource Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HoldsRequest => _holdsRequest && !Ended.IsCancellationRequested;

        public bool HoldsAnswer => _holdsAnswer && !Ended.IsCancellationRequested;

        public bool IsStranded { get; set; }

        public void Holds(bool isAnswer, bool value)
        {
            if (isAnswer)
                _holdsAnswer = value;
            else
                _holdsRequest = value;
        }
    }

    /// <param name="Last">The last connection that is held.</param>
    private sealed record Hold(int Last)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
