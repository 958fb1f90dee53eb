using LeaderElection.Leases;

namespace LeaderElection.Raft.Transport;

/// <summary>Another member: its address, the link to it while there is one, and the search for a new one while there is none.</summary>
/// <param name="transport">The transport of this member.</param>
/// <param name="member">The other member.</param>
/// <param name="dials">Whether this member makes the connection, or the other one.</param>
/// <param name="provesDeath">Whether a refused connection proves that its process has ended.</param>
internal sealed class Neighbour(RaftTransport transport, RaftAddress.Member member, bool dials, bool provesDeath)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly AsyncSignal _changed = new();
    private long _sent;
    private long _received;
    private long _refused;
    private long _lost;
    private Link? _link;

    internal enum Answer
    {
        /// <summary>There is a new link.</summary>
        Linked,

        /// <summary>Nobody listens there.</summary>
        Refused,

        /// <summary>Something else.</summary>
        Unclear,
    }

    public RaftAddress.Member Member => member;

    public string Id => member.Id;

    public Link? Link => Volatile.Read(ref _link);

    /// <summary>The latest start of the member's process that was ever linked to.</summary>
    public long Incarnation { get; private set; }

    public long Sent => Volatile.Read(ref _sent);

    public long Received => Volatile.Read(ref _received);

    public long Refused => Volatile.Read(ref _refused);

    public void CountSent() => Interlocked.Increment(ref _sent);

    public void CountReceived() => Interlocked.Increment(ref _received);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    /// <summary>Takes a link, in place of the one before.</summary>
    public void Attach(Link link)
    {
        Incarnation = link.Incarnation;
        Volatile.Write(ref _link, link);
        _changed.Set();
    }

    public void Detach(Link link)
    {
        Volatile.Write(ref _lost, link.Incarnation);
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
            if (Link is not null || !dials)
                await _changed.WaitAsync(Timeout.InfiniteTimeSpan, transport.Time, stop).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Looks for the member. One whose process has just died may go on accepting for a moment, so that is asked again
    /// and again, until it is clear whether it lives.
    /// </summary>
    private async Task SearchAsync(CancellationToken stop)
    {
        var lost = Interlocked.Exchange(ref _lost, 0);
        var since = transport.Time.GetTimestamp();
        var longest = transport.Timeout < LongestPause ? transport.Timeout : LongestPause;
        var pause = new Backoff(ShortestPause, longest);
        var isTold = lost == 0;
        while (Link is null)
        {
            if (!isTold && (!provesDeath || transport.Time.GetElapsedTime(since) >= transport.Timeout))
            {
                isTold = true;
                transport.Lost(this, deadIncarnation: 0);
            }
            if (!dials && (isTold || lost == 0))
                return;
            var answer = dials ? await transport.DialAsync(this, stop).ConfigureAwait(false) : await transport.ProbeAsync(member, stop).ConfigureAwait(false);
            if (answer == Answer.Linked)
                return;
            if (answer == Answer.Refused && provesDeath && lost > 0)
            {
                transport.Lost(this, lost);
                (isTold, lost) = (true, 0);
                continue;
            }
            // The end of a process takes some milliseconds; a quarter of that is lost here at most.
            var next = isTold ? pause.Next() : Clamp(transport.Time.GetElapsedTime(since) / 4, Moment, longest);
            await _changed.WaitAsync(next, transport.Time, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
                return;
        }

        static TimeSpan Clamp(TimeSpan span, TimeSpan least, TimeSpan most) => span < least ? least : span > most ? most : span;
    }
}
