using System.Collections.Concurrent;
using System.Net.Sockets;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.History;

/// <summary>A resource that leaders write to, behind a <see cref="FencingGate"/>, recording what it accepted in its own order.</summary>
internal sealed class FencedResourceServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly FencingGate _gate = new();
    private readonly string _election;
    private readonly bool _isFenced;
    private volatile HistoryEvent? _last;

    /// <param name="election">Whose leaders write to it.</param>
    /// <param name="isFenced">Whether it refuses low tokens, as it should.</param>
    public FencedResourceServer(string election, bool isFenced = true)
    {
        (_election, _isFenced) = (election, isFenced);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _ = AcceptAsync();
    }

    /// <summary>Its socket.</summary>
    public string Path => _folder.File("resource");

    public ConcurrentQueue<HistoryEvent> Events { get; } = new();

    /// <summary>The last write.</summary>
    public HistoryEvent? Last => _last;

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(new NetworkStream(await _listener.AcceptAsync(), ownsSocket: true));
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(NetworkStream client)
    {
        await using var _ = client;
        try
        {
            using var reader = new StreamReader(client);
            await using var writer = new StreamWriter(client) { AutoFlush = true, NewLine = "\n" };
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
        _last = new HistoryEvent(HistoryEvent.Now, "resource", EventKind.Accepted, token, Election: _election);
        Events.Enqueue(_last);
    }
}
