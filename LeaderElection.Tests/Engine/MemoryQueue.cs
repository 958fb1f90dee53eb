using LeaderElection.Sessions;

namespace LeaderElection.Tests.Engine;

/// <summary>Sessions and queues in memory, for tests of the engine that all queueing strategies share: it says nothing about any store.</summary>
internal sealed class MemoryQueue(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (long Since, TimeSpan Duration)> _sessions = [];
    private readonly List<(long Session, QueueEntry Entry, long Token)> _queue = [];
    private readonly List<Waiter> _listening = [];
    private long _last;

    public long Open(TimeSpan duration)
    {
        lock (_lock)
        {
            _sessions.Add(++_last, (time.GetTimestamp(), duration));
            return _last;
        }
    }

    public bool Renew(long session)
    {
        lock (_lock)
        {
            if (!Lives(session))
                return false;
            _sessions[session] = (time.GetTimestamp(), _sessions[session].Duration);
            return true;
        }
    }

    public void Close(long session)
    {
        lock (_lock) _sessions.Remove(session);
        Tell();
    }

    /// <summary>Puts the entry at the end, unless it is there.</summary>
    public void Join(long session, QueueEntry entry)
    {
        lock (_lock)
        {
            if (!Lives(session))
                return;
            if (_queue.Find(q => q.Entry == entry) is { Entry: not null } there)
                entry.FencingToken = there.Token;
            else
                _queue.Add((session, entry, entry.FencingToken = ++_last));
        }
    }

    public QueuePlace Look(QueueEntry entry)
    {
        lock (_lock)
        {
            var queue = Living(entry.Election);
            var index = queue.FindIndex(q => q.Entry == entry);
            return index < 0 ? QueuePlace.Gone : index == 0 ? QueuePlace.First : QueuePlace.Behind;
        }
    }

    public void Leave(QueueEntry entry)
    {
        lock (_lock) _queue.RemoveAll(q => q.Entry == entry);
        Tell();
    }

    public LeaderInfo? Leader(string election)
    {
        lock (_lock)
            return Living(election) is [var (_, entry, token), ..] ? new LeaderInfo(entry.CandidateId, token, DateTimeOffset.UnixEpoch) : null;
    }

    /// <summary>Has the waiter look at every change, until it listens no more.</summary>
    public void Listen(Waiter waiter)
    {
        lock (_lock)
        {
            if (!_listening.Contains(waiter))
                _listening.Add(waiter);
        }
        waiter.ListenTo(new Listening(this, waiter));
    }

    private List<(long Session, QueueEntry Entry, long Token)> Living(string election) =>
        _queue.FindAll(q => q.Entry.Election == election && Lives(q.Session));

    private bool Lives(long session) => _sessions.TryGetValue(session, out var s) && time.GetElapsedTime(s.Since) < s.Duration;

    private void Tell()
    {
        Waiter[] waiters;
        lock (_lock) waiters = [.. _listening];
        foreach (var waiter in waiters)
            waiter.Changed();
    }

    private sealed class Listening(MemoryQueue queue, Waiter waiter) : IDisposable
    {
        public void Dispose()
        {
            lock (queue._lock)
            {
                // It may have begun to listen anew.
                if (waiter.Subscription is null)
                    queue._listening.Remove(waiter);
            }
        }
    }
}
