using LeaderElection.Leases;
using LeaderElection.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Tests.Engine;

/// <summary>A process's share in a <see cref="MemoryQueue"/>.</summary>
internal sealed class MemoryQueueBackend(MemoryQueue store, LeaseOptions options, TimeProvider time)
    : SessionBackend("memory", options, time, NullLogger.Instance)
{
    /// <summary>Called with the kind of a request once it was executed: to lose the reply.</summary>
    public Action<string> Executed { get; set; } = _ => { };

    protected override async ValueTask<Session> OpenSessionAsync(CancellationToken cancellationToken)
    {
        var clock = CreateClock();
        var sent = Time.GetTimestamp();
        var id = await AnswerAsync("open", () => store.Open(clock.Duration));
        clock.Confirm(sent);
        return new MemorySession(this, id, clock);
    }

    protected internal override ValueTask<LeaderInfo?> ReadAsync(Waiter observer, CancellationToken cancellationToken) =>
        AnswerAsync("read", () =>
        {
            store.Listen(observer);
            return store.Leader(observer.Election);
        });

    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken) => await AnswerAsync("ping", () => true);

    protected override ValueTask CloseAsync() => default;

    private async ValueTask<T> AnswerAsync<T>(string kind, Func<T> execute)
    {
        // As an answer over the network would come.
        await Task.Yield();
        var answer = execute();
        Executed(kind);
        return answer;
    }

    private sealed class MemorySession(MemoryQueueBackend backend, long id, LeaseClock clock) : Session(clock)
    {
        private MemoryQueue Store => backend.Store;

        protected internal override QueueEntry CreateEntry(string election, string candidateId) => new(election, candidateId);

        protected internal override ValueTask<QueuePlace> JoinAsync(QueueEntry entry, CancellationToken cancellationToken) =>
            backend.AnswerAsync("join", () =>
            {
                Store.Join(id, entry);
                return Look(entry);
            });

        protected internal override ValueTask<QueuePlace> LookAsync(QueueEntry entry, CancellationToken cancellationToken) =>
            backend.AnswerAsync("look", () => Look(entry));

        protected internal override async ValueTask LeaveAsync(QueueEntry entry, CancellationToken cancellationToken) =>
            await backend.AnswerAsync("leave", () =>
            {
                Store.Leave(entry);
                return true;
            });

        protected internal override async ValueTask<bool> RenewAsync(CancellationToken cancellationToken)
        {
            var sent = backend.Time.GetTimestamp();
            return await backend.AnswerAsync("renew", () => Store.Renew(id)) && Clock.Confirm(sent);
        }

        protected internal override async ValueTask CloseAsync(CancellationToken cancellationToken) =>
            await backend.AnswerAsync("close", () =>
            {
                Store.Close(id);
                return true;
            });

        private QueuePlace Look(QueueEntry entry)
        {
            Store.Listen(entry);
            return Store.Look(entry);
        }
    }

    private MemoryQueue Store => store;
}
