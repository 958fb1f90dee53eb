using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Tests.Servers;

/// <summary>A TCP proxy before a server: the network between a client and it, to be broken at will.</summary>
public sealed class DroppingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly ConcurrentDictionary<CancellationTokenSource, Task> _connections = new();
    private readonly Task _accepts;
    private volatile TaskCompletionSource _open = Opened();
    private volatile TaskCompletionSource _requestsOpen = Opened();
    private volatile TaskCompletionSource _answersOpen = Opened();
    private Func<byte[], byte[]>? _rewrite;
    private long _answersTake;
    private int _accepted;

    /// <param name="target">The port that it stands before.</param>
    /// <param name="targetAddress">The address of that, if not loopback.</param>
    /// <param name="address">Where it listens itself, if not on loopback.</param>
    public DroppingProxy(int target, string? targetAddress = null, string? address = null)
    {
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

    /// <summary>From now on each answer is late by this.</summary>
    public void Slow(TimeSpan by) => Interlocked.Exchange(ref _answersTake, by.Ticks);

    /// <summary>From now on each answer is passed through this, as it comes from the network; <see langword="null"/> leaves them as they are.</summary>
    public void RewriteAnswers(Func<byte[], byte[]>? rewrite) => Volatile.Write(ref _rewrite, rewrite);

    /// <summary>Lets through again. What was under way arrives late, as TCP sends it again; <see cref="Cut"/> before loses it.</summary>
    public void Resume()
    {
        Slow(TimeSpan.Zero);
        _open.TrySetResult();
        _requestsOpen.TrySetResult();
        _answersOpen.TrySetResult();
    }

    /// <summary>Resets all connections that there are; new ones are possible.</summary>
    public void Cut()
    {
        foreach (var connection in _connections.Keys)
            connection.Cancel();
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
            Interlocked.Increment(ref _accepted);
            var cut = new CancellationTokenSource();
            // Known before it is served, so that no cut misses it.
            _connections[cut] = Task.CompletedTask;
            _connections[cut] = ConnectAsync(client, cut.Token);
        }
    }

    private async Task ConnectAsync(Socket client, CancellationToken cut)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var _ = client;
        client.NoDelay = server.NoDelay = true;
        try
        {
            await _open.Task.WaitAsync(cut);
            await server.ConnectAsync(_target, cut);
            await Task.WhenAll(PumpAsync(client, server, isAnswer: false, cut), PumpAsync(server, client, isAnswer: true, cut));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            ResetWhenClosed(client);
            ResetWhenClosed(server);
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

    private async Task PassAsync(bool isAnswer, CancellationToken cut)
    {
        if (isAnswer && new TimeSpan(Interlocked.Read(ref _answersTake)) is { Ticks: > 0 } late)
            await Task.Delay(late, TimeProvider.System, cut);
        await _open.Task.WaitAsync(cut);
        await (isAnswer ? _answersOpen : _requestsOpen).Task.WaitAsync(cut);
    }

    private async Task PumpAsync(Socket from, Socket to, bool isAnswer, CancellationToken cut)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, cut);
                await PassAsync(isAnswer, cut);
                if (count == 0)
                    break;
                ReadOnlyMemory<byte> passed = buffer.AsMemory(0, count);
                if (isAnswer && Volatile.Read(ref _rewrite) is { } rewrite)
                    passed = rewrite(passed.ToArray());
                while (passed.Length > 0)
                    passed = passed[await to.SendAsync(passed, cut)..];
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // One side has failed: so the other one has to hear of it, or its pump would wait for ever.
            await PassAsync(isAnswer, cut);
            ResetWhenClosed(to);
            to.Close();
            throw;
        }
    }
}
