using LeaderElection.Leases;

namespace LeaderElection.Raft.Transport;

/// <summary>Another member: its address, the link to it while there is one, and the search for a new one while there is none.</summary>
/// <param name="transport">The transport of this member.</param>
/// <param name="member">The other member.</param>
/// <param name="dials">Whether this member makes the connection, or the other one.</param>
/// <param name="provesDeath">Whether a refused connection may prove that its process has ended.</param>
internal sealed class Neighbour(RaftTransport transport, RaftAddress.Member member, bool dials, bool provesDeath)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly AsyncSignal _changed = new();
    private long _sent;
    private long _received;
    private long _refused;
    private Link? _link;
    private Link? _lost;

    public RaftAddress.Member Member => member;

    public string Id => member.Id;

    public Link? Link => Volatile.Read(ref _link);

    /// <summary>The latest process of the member that was ever linked to.</summary>
    public Life Life { get; private set; }

    public long Sent => Volatile.Read(ref _sent);

    public long Received => Volatile.Read(ref _received);

    public long Refused => Volatile.Read(ref _refused);

    public void CountSent() => Interlocked.Increment(ref _sent);

    public void CountReceived() => Interlocked.Increment(ref _received);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    /// <summary>Takes a link, in place of the one before.</summary>
    public void Attach(Link link)
    {
        Life = link.Life;
        Volatile.Write(ref _link, link);
        _changed.Set();
    }

    public void Detach(Link link)
    {
        Volatile.Write(ref _lost, link);
        Volatile.Write(ref _link, null);
        _changed.Set();
    }

    /// <summary>Sees to it that there is a link, as far as that is up to this member.</summary>
    public async Task KeepLinkedAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            _changed.Reset();
            if (Link is null)
                await SearchAsync(stop).ConfigureAwait(false);
            if (Link is { } link)
                await FindAddressAsync(link, stop).ConfigureAwait(false);
            if (Link is not null || !dials)
                await _changed.WaitAsync(Timeout.InfiniteTimeSpan, transport.Time, stop).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Finds out, while the process lives, where it listens with nobody in between. Only an address at which this very
    /// process has answered can prove by refusing that it has ended.
    /// </summary>
    private async Task FindAddressAsync(Link link, CancellationToken stop)
    {
        if (!provesDeath || link.ListensAt is not null)
            return;
        if (dials)
            link.ListensAt = link.DirectTo;
        else if (await transport.FindAsync(this, link.Life, stop).ConfigureAwait(false) is { } address)
            link.ListensAt = address;
    }

    /// <summary>Looks for the member, and first of all for proof that its process has ended.</summary>
    private async Task SearchAsync(CancellationToken stop)
    {
        var death = Interlocked.Exchange(ref _lost, null) is { } lost ? new DeathWatch(transport, this, lost) : null;
        var longest = transport.Timeout < LongestPause ? transport.Timeout : LongestPause;
        var pause = new Backoff(ShortestPause, longest);
        while (Link is null)
        {
            if (death is not null)
                await death.LookAsync(stop).ConfigureAwait(false);
            if (dials ? await transport.DialAsync(this, stop).ConfigureAwait(false) : death is null or { IsOver: true })
                return;
            // The end of a process takes some milliseconds; a quarter of that is lost here at most.
            var next = death is { IsOver: false } ? Clamp(death.Elapsed / 4, Moment, longest) : pause.Next();
            await _changed.WaitAsync(next, transport.Time, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
                return;
        }

        static TimeSpan Clamp(TimeSpan span, TimeSpan least, TimeSpan most) => span < least ? least : span > most ? most : span;
    }

    /// <summary>
    /// Whether the process behind a broken link is dead. One that has just died may go on accepting for a moment, so
    /// that is asked again and again for one timeout.
    /// </summary>
    private sealed class DeathWatch(RaftTransport transport, Neighbour neighbour, Link lost)
    {
        private readonly long _since = transport.Time.GetTimestamp();

        /// <summary>Whether the member has been told what became of the process, or that only the link is known to be gone.</summary>
        public bool IsOver { get; private set; }

        public TimeSpan Elapsed => transport.Time.GetElapsedTime(_since);

        public async Task LookAsync(CancellationToken stop)
        {
            if (IsOver)
                return;
            var isDead = lost.ListensAt is { } address && await transport.IsRefusedAsync(address, stop).ConfigureAwait(false);
            IsOver = isDead || lost.ListensAt is null || Elapsed >= transport.Timeout;
            if (IsOver)
                transport.Lost(neighbour, isDead ? lost.Life : null);
        }
    }
}
