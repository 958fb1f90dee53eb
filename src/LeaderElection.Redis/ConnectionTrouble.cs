using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>Why an attempt to connect failed.</summary>
/// <param name="Reason">In words; <see langword="null"/> when nothing is known.</param>
/// <param name="IsOfPassword">Whether it is the password, or that none was given.</param>
internal sealed record ConnectionTrouble(string? Reason, bool IsOfPassword)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Finds out; where the server closed the connection without an answer, by listening to what it says.</summary>
    public static async Task<ConnectionTrouble> OfAsync(ConnectionAttemptCompletedEventArgs attempt, bool isTls)
    {
        for (var e = attempt.Exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
                return new ConnectionTrouble(socket.SocketErrorCode.ToString(), IsOfPassword: false);
            if (e is AuthenticationException tls)
                return new ConnectionTrouble(tls.Message, IsOfPassword: false);
        }
        if (attempt.FailureType == ConnectionFailureType.AuthenticationFailure)
            return new ConnectionTrouble(null, IsOfPassword: true);
        return new ConnectionTrouble(
            attempt.FailureType == ConnectionFailureType.SocketClosed && !isTls ? await ListenAsync(attempt.EndPoint!).ConfigureAwait(false) : null,
            IsOfPassword: false);
    }

    /// <summary>A server that takes no more clients says so to each that connects, before it closes; the client does not pass it on.</summary>
    private static async Task<string?> ListenAsync(EndPoint endPoint)
    {
        using var late = new CancellationTokenSource(Patience, TimeProvider.System);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, late.Token).ConfigureAwait(false);
            var buffer = new byte[512];
            var said = Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, late.Token).ConfigureAwait(false)).Split('\r', 2)[0];
            return said.StartsWith('-') ? $"the server says '{new string([.. said[1..].Where(c => !char.IsControl(c))])}'" : null;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
