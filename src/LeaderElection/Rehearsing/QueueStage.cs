using LeaderElection.Leases;
using LeaderElection.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Rehearsing;

/// <summary>A process's share in a store in memory on which strategies are rehearsed whose candidates queue: one election, no faults.</summary>
internal sealed class QueueStage : SessionBackend
{
    private readonly Queue _queue;

    private QueueStage(Queue queue) : base(Rehearsal.Strategy, Rehearsal.Options, null, NullLogger.Instance) => _queue = queue;

    public static (StoreBackend First, StoreBackend Second) CreatePair()
    {
        var queue = new Queue();
        return (new QueueStage(queue), new QueueStage(queue));
    }

    protected override async ValueTask<Session> OpenSessionAsync(CancellationToken cancellationToken)
    {
        var clock = CreateClock();
        var sent = Time.GetTimestamp();
        // As an answer over the network would come.
        await Task.Yield();
        clock.Confirm(sent);
        return new StageSession(this, clock);
    }

    protected internal override async ValueTask<LeaderInfo?> ReadAsync(Waiter observer, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return _queue.First(observer) is { } first ? new LeaderInfo(first.CandidateId, first.FencingToken, Time.GetUtcNow()) : null;
    }

    protected override ValueTask PingStoreAsync(CancellationToken cancellationToken) => default;

    protected override ValueTask CloseAsync() => default;

    private sealed class StageSession(QueueStage stage, LeaseClock clock) : Session(clock)
    {
        protected internal override QueueEntry CreateEntry(string election, string candidateId) => new(election, candidateId);

        protected internal override async ValueTask<QueuePlace> JoinAsync(QueueEntry entry, CancellationToken cancellationToken)
        {
            await Task.Yield();
            stage._queue.Add(entry);
            return Place(entry);
        }

        protected internal override async ValueTask<QueuePlace> LookAsync(QueueEntry entry, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return Place(entry);
        }

        protected internal override async ValueTask LeaveAsync(QueueEntry entry, CancellationToken cancellationToken)
        {
            await Task.Yield();
            stage._queue.Remove(entry);
        }

        protected internal override async ValueTask<bool> RenewAsync(CancellationToken cancellationToken)
        {
            var sent = stage.Time.GetTimestamp();
            await Task.Yield();
            return Clock.Confirm(sent);
        }

        protected internal override ValueTask CloseAsync(CancellationToken cancellationToken) => default;

        private QueuePlace Place(QueueEntry entry) => stage._queue.First(entry) == entry ? QueuePlace.First : QueuePlace.Behind;
    }

    private sealed class Queue
    {
        private readonly Lock _lock = new();
        private readonly List<QueueEntry> _entries = [];
        private readonly HashSet<Waiter> _waiters = [];
        private long _token;

        public void Add(QueueEntry entry)
        {
            lock (_lock)
            {
                entry.FencingToken = ++_token;
                _entries.Add(entry);
            }
        }

        public void Remove(QueueEntry entry)
        {
            Waiter[] waiters;
            lock (_lock)
            {
                _entries.Remove(entry);
                _waiters.Remove(entry);
                waiters = [.. _waiters];
            }
            foreach (var waiter in waiters)
                waiter.Changed();
        }

        /// <returns>Who leads. The waiter hears of it when that changes.</returns>
        public QueueEntry? First(Waiter waiter)
        {
            lock (_lock)
            {
                _waiters.Add(waiter);
                return _entries.FirstOrDefault();
            }
        }
    }
}
