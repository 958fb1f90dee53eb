using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Tests.History;

/// <summary>A resource that leaders write to, behind a <see cref="FencingGate"/>, recording what it accepted in its own order.</summary>
internal sealed class FencedResourceServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly FencingGate _gate = new();
    private readonly bool _isFenced;
    private volatile HistoryEvent? _last;

    /// <param name="isFenced">Whether it refuses low tokens, as it should.</param>
    public FencedResourceServer(bool isFenced = true)
    {
        _isFenced = isFenced;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<HistoryEvent> Events { get; } = new();

    /// <summary>The last write.</summary>
    public HistoryEvent? Last => _last;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\n" };
            while (await reader.ReadLineAsync() is { } line)
            {
                var token = long.Parse(line);
                // The write itself is the record, made inside the gate, so that its order is the resource's.
                if (_isFenced)
                    _gate.TryEnter(token, () => Accept(token));
                else
                    Accept(token);
                await writer.WriteLineAsync($"{(_isFenced ? _gate.Highest : token)}");
            }
        }
        catch (IOException)
        {
            // The candidate was killed.
        }
    }

    private void Accept(long token)
    {
        _last = new HistoryEvent(HistoryEvent.Now, "resource", EventKind.Accepted, token);
        Events.Enqueue(_last);
    }
}
