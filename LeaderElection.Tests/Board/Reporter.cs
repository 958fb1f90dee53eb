using System.Net.WebSockets;
using System.Text;

namespace LeaderElection.Tests.Board;

/// <summary>A process that reports candidates to the board.</summary>
internal sealed class Reporter : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    public static async Task<Reporter> ConnectAsync(BoardHost board, string? origin = null)
    {
        var reporter = new Reporter();
        if (origin is not null)
            reporter._socket.Options.SetRequestHeader("Origin", origin);
        var address = new UriBuilder(board.Client.BaseAddress!) { Scheme = "ws", Path = "/api/candidates" }.Uri;
        await reporter._socket.ConnectAsync(address, CancellationToken.None);
        return reporter;
    }

    public Task LeadsAsync(string candidate, long token, double leaseRemaining, string election = "jobs") =>
        SendAsync($$"""{"election":"{{election}}","strategy":"file","candidate":"{{candidate}}","role":"leader","fencingToken":{{token}},"since":"2026-01-02T03:04:05Z","leaseRemaining":{{leaseRemaining}},"url":"http://localhost:1234","pid":42}""");

    public Task FollowsAsync(string candidate, string election = "jobs") =>
        SendAsync($$"""{"election":"{{election}}","strategy":"file","candidate":"{{candidate}}","role":"follower","fencingToken":null,"since":null,"leaseRemaining":null,"url":null,"pid":43}""");

    public Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public Task SendBinaryAsync() => _socket.SendAsync(new byte[3], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

    /// <summary>Waits for the board to close.</summary>
    public async Task<(WebSocketCloseStatus? Status, string? Reason)> ClosedAsync()
    {
        var received = await _socket.ReceiveAsync(new byte[64], CancellationToken.None).WaitAsync(Wait.Limit, TimeProvider.System);
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        return (received.CloseStatus, received.CloseStatusDescription);
    }

    /// <summary>Ends the connection as the death of the process does: without a goodbye.</summary>
    public void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
    }
}
