using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

namespace LeaderElection.Network;

/// <summary>
/// Connects to a name that may have several addresses, some of which may be dead: the next is tried while one before it
/// has not answered yet, and the first that answers is taken.
/// </summary>
/// <remarks>Source: RFC 8305, "Happy Eyeballs Version 2: Better Connectivity Using Concurrency", sections 4 and 5.</remarks>
internal static class HappyEyeballs
{
    /// <summary>The recommended "Connection Attempt Delay".</summary>
    private static readonly TimeSpan NextAttempt = TimeSpan.FromMilliseconds(250);

    /// <summary>Connects.</summary>
    /// <param name="host">A name, or an address.</param>
    /// <param name="port">The port.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="cancellationToken">Calls it off.</param>
    /// <exception cref="SocketException">The name is unknown, or no address took the connection.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(host, out var address)
            ? [address]
            : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(addresses, port, time, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ConnectAsync(string, int, TimeProvider, CancellationToken)"/>
    internal static async Task<Socket> ConnectAsync(IPAddress[] addresses, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        if (addresses is [])
            throw new SocketException((int)SocketError.HostNotFound);
        var waiting = new Queue<IPAddress>(InTurns(addresses));
        var attempts = new List<Task<Socket>>();
        Exception? failure = null;
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (true)
            {
                if (waiting.TryDequeue(out var next))
                    attempts.Add(ConnectAsync(new IPEndPoint(next, port), decided.Token));
                var any = Task.WhenAny(attempts);
                if (waiting.Count > 0)
                    await Task.WhenAny(any, Task.Delay(NextAttempt, time, decided.Token)).ConfigureAwait(false);
                else
                    await any.ConfigureAwait(false);
                if (!any.IsCompleted)
                    continue;
                var first = await any.ConfigureAwait(false);
                attempts.Remove(first);
                try
                {
                    return await first.ConfigureAwait(false);
                }
                catch (SocketException e)
                {
                    // The next need not wait for its turn. "Refused" is what is told only if all say it: then nobody is there.
                    failure = failure is null or SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? e : failure;
                    if (attempts.Count == 0 && waiting.Count == 0)
                        ExceptionDispatchInfo.Throw(failure);
                }
            }
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            foreach (var late in attempts)
                _ = HangUpAsync(late);
        }
    }

    /// <summary>The two families in turns, in the order of the resolver, whose first comes first: what is broken is often a whole family.</summary>
    private static IEnumerable<IPAddress> InTurns(IPAddress[] addresses)
    {
        var ofFirst = addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily).ToArray();
        var ofOther = addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily).ToArray();
        for (var i = 0; i < Math.Max(ofFirst.Length, ofOther.Length); i++)
        {
            if (i < ofFirst.Length)
                yield return ofFirst[i];
            if (i < ofOther.Length)
                yield return ofOther[i];
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        // Also a family that this machine does not have is an attempt that fails, and no more.
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>One that came too late.</summary>
    private static async Task HangUpAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt.ConfigureAwait(false)).Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It never came.
        }
    }
}
