namespace LeaderElection.Leases;

/// <summary>
/// The thread of this process that judges when leases end. A timer needs a thread of the pool: where a program blocks all
/// of these, it fires when others have led for long.
/// </summary>
internal static class LeaseGuard
{
    /// <summary>
    /// How late work may be for which a thread of the pool is wanted. Also how soon the end of a lease is noticed after the
    /// machine was suspended: waits do not count that, the clock does.
    /// </summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    private static readonly Lock Lock = new();
    private static readonly List<LeaseClock> Clocks = [];
    private static readonly AutoResetEvent News = new(false);
    private static Thread? _thread;

    /// <summary>When a thread of the pool was wanted that has not come yet, else 0; who is to be told, and whether that was done.</summary>
    private static long _wantedSince;
    private static Action<TimeSpan>? _tell;
    private static bool _wasTold;

    /// <summary>Watches a lease until it ends.</summary>
    public static void Watch(LeaseClock clock)
    {
        lock (Lock)
        {
            Clocks.Add(clock);
            _tell = clock.PoolIsStarved ?? _tell;
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "LeaderElection leases" };
                _thread.UnsafeStart();
            }
        }
        News.Set();
    }

    private static void Run()
    {
        while (true)
        {
            LeaseClock[] clocks;
            lock (Lock) clocks = [.. Clocks];
            var sleep = LongestSleep;
            foreach (var clock in clocks)
            {
                if (clock.Judge() is not { } left)
                {
                    lock (Lock) Clocks.Remove(clock);
                }
                else if (left < sleep)
                {
                    // Upwards: what is smaller than a millisecond would be no sleep at all, again and again.
                    sleep = TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
                }
            }
            // Also after the last lease has ended: it may have ended by that.
            if (!ThreadIsWanted(clocks is not []) && clocks is [])
                sleep = Timeout.InfiniteTimeSpan;
            News.WaitOne(sleep);
        }
    }

    /// <summary>Wants a thread of the pool, and tells, once, when that does not come.</summary>
    /// <param name="wants">Whether to want another when the last has come.</param>
    /// <returns>Whether it is still to be looked for.</returns>
    private static bool ThreadIsWanted(bool wants)
    {
        var now = TimeProvider.System.GetTimestamp();
        var since = Volatile.Read(ref _wantedSince);
        if (since == 0)
        {
            if (!wants)
                return false;
            Volatile.Write(ref _wantedSince, now);
            ThreadPool.UnsafeQueueUserWorkItem(static _ => Volatile.Write(ref _wantedSince, 0), null);
            return true;
        }
        var waited = TimeProvider.System.GetElapsedTime(since, now);
        if (_wasTold || _tell is not { } tell)
            return false;
        if (waited < LongestSleep * 2)
            return true;
        _wasTold = true;
        // A logger may hang: not on this thread, and there is none in the pool.
        new Thread(() => Tell(tell, waited)) { IsBackground = true, Name = "LeaderElection starved" }.UnsafeStart();
        return false;
    }

    private static void Tell(Action<TimeSpan> tell, TimeSpan waited)
    {
        try
        {
            tell(waited);
        }
        catch (Exception)
        {
            // A logger's own: it is not to end the process.
        }
    }
}
