using System.Net;
using System.Net.Sockets;
using LeaderElection.Leases;
using LeaderElection.Network;

namespace LeaderElection.Raft.Transport;

/// <summary>
/// The links between this member and the others: one TCP connection for each pair, made by the one whose id comes first.
/// </summary>
internal sealed class RaftTransport : IAsyncDisposable
{
    /// <summary>How many strangers may be busy with their handshake.</summary>
    private const int MostStrangers = 64;

    private readonly CancellationTokenSource _stop = new();
    private readonly RaftNode _node;
    private readonly RaftElectionOptions _options;
    private readonly Handshake _handshake;
    private readonly LinkTls? _tls;
    private readonly RaftAddress.Member _self;
    private readonly Socket _listener;
    private readonly Refusals _refusals;
    private readonly TimeSpan _handshakeLimit;
    private Task[] _tasks = [];
    private int _strangers;

    /// <summary>Takes the address of this member; nobody is let in before <see cref="Start"/>.</summary>
    /// <exception cref="ElectionStoreException">It cannot be had, or a certificate cannot be read.</exception>
    public RaftTransport(RaftNode node, RaftElectionOptions options, RaftAddress address, Life life, TimeProvider time, Action<string> log)
    {
        _node = node;
        _options = options;
        Time = time;
        Timeout = options.LeaseDuration;
        _handshakeLimit = Clamp(Timeout * 2, 0.5, 5);
        LinkPatience = time.ToTimestampTicks(Clamp(Timeout * 4, 1, 30));
        _refusals = new Refusals(log, time);
        _handshake = new Handshake(options.Member, life, options.Secret ?? address.Secret, () => node.IsAdmitted);
        _tls = options is { CaFile: { } ca, CertificateFile: { } certificate, KeyFile: { } key } ? new LinkTls(ca, certificate, key) : null;
        _tls?.Check();
        _self = address.Members.Single(m => m.Id == options.Member);
        Neighbours = address.Members.Where(m => m != _self).ToDictionary(
            m => m.Id,
            m => new Neighbour(this, m, dials: string.CompareOrdinal(_self.Id, m.Id) < 0, options.RefusedMeansDead ?? m.IsLoopback));
        _listener = Listen(options.Listen is { } other && RaftAddress.ParseEndpoint(other) is var (host, port)
            ? _self with { Host = host, Port = port }
            : _self);

        static TimeSpan Clamp(TimeSpan span, double least, double most) =>
            TimeSpan.FromSeconds(Math.Clamp(span.TotalSeconds, least, most));
    }

    public TimeProvider Time { get; }

    /// <summary>The least election timeout.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>How long a link may go without a sign of life that was asked for.</summary>
    public long LinkPatience { get; }

    public IReadOnlyDictionary<string, Neighbour> Neighbours { get; }

    /// <summary>Lets the others in, and looks for them.</summary>
    public void Start() => _tasks = [QuietAsync(AcceptAsync()), .. Neighbours.Values.Select(n => QuietAsync(n.KeepLinkedAsync(_stop.Token)))];

    /// <summary>Ends the links, and only then stops to listen: who is refused may believe that this process is at its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(Neighbours.Values.Select(n => n.Link?.EndAsync() ?? Task.CompletedTask)).ConfigureAwait(false);
        _listener.Dispose();
        await Task.WhenAll(_tasks).ConfigureAwait(false);
    }

    /// <summary>Whether messages pass between this member and another; for fault injection, which may also take its time.</summary>
    public async ValueTask<bool> PassesAsync(Neighbour neighbour, CancellationToken cancellationToken)
    {
        if (_options.IsCutOffFrom?.Invoke(neighbour.Id) == true)
            return false;
        if (_options.BeforeRequest is not { } before)
            return true;
        try
        {
            await before(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Received(Link link, ulong fingerprint, Message message) => _node.Enqueue(link, fingerprint, message);

    public void Handle() => _node.Drain();

    public void Ended(Link link) => _node.Detach(link);

    public void Lost(Neighbour neighbour, Life? dead) => _node.Lost(neighbour, dead);

    public void Refused(Link link, string problem)
    {
        link.Neighbour.CountRefused();
        _refusals.Add(link.Neighbour.Id, RefusalReason.Garbage, $"link ended, because of {problem}");
    }

    /// <summary>The core does not listen to that member.</summary>
    public void Refused(string member, string reason) => _refusals.Add(member, RefusalReason.Configuration, reason);

    /// <summary>Connects to a member.</summary>
    /// <returns>Whether there is a new link.</returns>
    public async Task<bool> DialAsync(Neighbour neighbour, CancellationToken stop)
    {
        var source = $"{neighbour.Id} at {neighbour.Member.Text}";
        using var late = new CancellationTokenSource(_handshakeLimit, Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        Socket? socket = null;
        try
        {
            socket = await ConnectAsync(neighbour.Member, limit.Token).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_tls is not null)
                stream = await _tls.DialAsync(stream, neighbour.Member.Host, limit.Token).ConfigureAwait(false);
            var hello = await _handshake.DialAsync(stream, neighbour.Id, h => Judge(h, stream), limit.Token, Route.Of(socket)).ConfigureAwait(false);
            await LinkAsync(neighbour, socket, stream, hello).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            Explain(e, source, isStranger: false, isLate: false, stop);
            socket?.Dispose();
            return false;
        }
    }

    /// <summary>Looks whether a process that is linked to listens at its member's address, with nothing in between.</summary>
    /// <returns>Where; <see langword="null"/> if that is not so, or not clear.</returns>
    public async Task<IPEndPoint?> FindAsync(Neighbour neighbour, Life life, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(_handshakeLimit, Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            using var socket = await ConnectAsync(neighbour.Member, limit.Token).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: false);
            if (_tls is not null)
                stream = await _tls.DialAsync(stream, neighbour.Member.Host, limit.Token).ConfigureAwait(false);
            var route = Route.Of(socket);
            var hello = await _handshake.DialAsync(stream, neighbour.Id, h => Judge(h, stream), limit.Token, route, isProbe: true).ConfigureAwait(false);
            return hello.Life == life && route.IsDirect(hello.Route) ? route.Remote : null;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Without an address only the time tells that it is dead.
            return null;
        }
    }

    /// <summary>Asks whether nobody listens at an address.</summary>
    public async Task<bool> IsRefusedAsync(IPEndPoint address, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(_handshakeLimit, Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        var ip = address.Address.IsIPv4MappedToIPv6 ? address.Address.MapToIPv4() : address.Address;
        using var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(ip, address.Port), limit.Token).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It is there, or too far: nothing is proven.
        }
        return false;
    }

    private async Task<Socket> ConnectAsync(RaftAddress.Member member, CancellationToken stop)
    {
        var socket = await HappyEyeballs.ConnectAsync(member.Host, member.Port, Time, stop).ConfigureAwait(false);
        SetUp(socket);
        return socket;
    }

    private static void SetUp(Socket socket)
    {
        socket.NoDelay = true;
        // Members that lead nothing are silent: without these they would never notice that the other's machine is gone.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    private static Socket Listen(RaftAddress.Member at)
    {
        Socket? listener = null;
        try
        {
            var ip = IPAddress.TryParse(at.Host, out var parsed) ? parsed : Dns.GetHostAddresses(at.Host) is [var first, ..] ? first : IPAddress.Any;
            listener = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(ip, at.Port));
            listener.Listen();
            return listener;
        }
        catch (SocketException e)
        {
            listener?.Dispose();
            throw new ElectionStoreException(
                $"member {at.Id} cannot listen at {at.Text}: {e.Message}; give the address of this machine, or another one to listen at ({nameof(RaftElectionOptions.Listen)})",
                isTransient: false, e);
        }
    }

    private static async Task QuietAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _strangers) <= MostStrangers)
                {
                    _ = WelcomeAsync(socket);
                    continue;
                }
                Interlocked.Decrement(ref _strangers);
                socket.Dispose();
                _refusals.Add("strangers", RefusalReason.Crowd, $"more than {MostStrangers} handshakes are under way; further ones are turned away");
            }
            catch (SocketException)
            {
                // Reset before it was accepted, or no more files may be opened: that passes.
                await Task.Delay(TimeSpan.FromMilliseconds(10), Time, _stop.Token).ConfigureAwait(false);
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        using var late = new CancellationTokenSource(_handshakeLimit, Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, late.Token);
        var source = "somebody";
        try
        {
            source = (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? source;
            SetUp(socket);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            // A probe only looks whether anybody is here.
            if (await socket.ReceiveAsync(new byte[1], SocketFlags.Peek, limit.Token).ConfigureAwait(false) == 0)
                throw new EndOfStreamException();
            if (_tls is not null)
                stream = await _tls.AcceptAsync(stream, limit.Token).ConfigureAwait(false);
            var hello = await _handshake.AcceptAsync(stream, h => Judge(h, stream), limit.Token, Route.Of(socket)).ConfigureAwait(false);
            if (hello.IsProbe)
                await stream.DisposeAsync().ConfigureAwait(false);
            else
                await LinkAsync(Neighbours[hello.From], socket, stream, hello).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Said and counted before the other side can notice.
            Explain(e, $"a connection from {source}", isStranger: true, late.IsCancellationRequested, _stop.Token);
            socket.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _strangers);
        }
    }

    private async Task LinkAsync(Neighbour neighbour, Socket socket, Stream stream, Hello hello)
    {
        _refusals.Forget($"{neighbour.Id} at {neighbour.Member.Text}");
        var route = Route.Of(socket);
        await _node.AttachAsync(new Link(this, neighbour, socket, stream, hello.Life, route.IsDirect(hello.Route) ? route.Remote : null)).ConfigureAwait(false);
    }

    private RefusedException? Judge(Hello hello, Stream stream)
    {
        if (!Neighbours.TryGetValue(hello.From, out var neighbour))
            return new(RefusalReason.Stranger, $"it says that it is {hello.From}, which is not on this member's list ({string.Join(", ", Neighbours.Keys.Append(_self.Id).Order(StringComparer.Ordinal))})");
        if (_node.WhyNotState(hello) is { } reason)
            return new(RefusalReason.Replaced, reason);
        if (neighbour.Link is { } link && link.Life.StateId != hello.Life.StateId)
            return new(RefusalReason.Twice, $"another process runs as {hello.From}, with another folder, and is linked to; stop one of them");
        if (neighbour.Life.Succeeds(hello.Life))
            return new(RefusalReason.Forgetful, Pulse.OlderCopy(hello.From, hello.Life.Incarnation, neighbour.Life.Incarnation));
        return LinkTls.Judge(stream, neighbour.Member);
    }

    private void Explain(Exception e, string source, bool isStranger, bool isLate, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
            return;
        if (e is RefusedException refused)
            _refusals.Add(source, refused.Reason, $"no link: {refused.Message}", isStranger);
        else if (isLate && e is OperationCanceledException)
            _refusals.Add(source, RefusalReason.Slow, "no link: it did not finish its handshake in time", isStranger);
        else if (e is System.Security.Cryptography.CryptographicException or UnauthorizedAccessException or FileNotFoundException)
            _refusals.Add("this member", RefusalReason.Certificate, $"its certificates cannot be read: {e.Message.Split('\n', 2)[0].Trim()}");
    }
}
