using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Tests.Engine;

/// <summary>A process's share in a <see cref="MemoryStore"/>.</summary>
internal sealed class MemoryBackend : LeaseBackend
{
    private readonly MemoryStore _store;
    private readonly TimeSpan _lease;

    public MemoryBackend(MemoryStore store, LeaseOptions options, ILogger? logger = null, TimeProvider? time = null)
        : base("memory", options, time, logger ?? NullLogger.Instance)
    {
        _store = store;
        _lease = options.LeaseDuration;
        store.Add(this);
    }

    /// <summary>Called with the kind of a request once it was executed: to lose the reply.</summary>
    public Action<string> Executed { get; set; } = _ => { };

    /// <summary>Whether a request of that kind is held up on the way: its client gives it up, and it arrives when the test delivers it.</summary>
    public Func<string, bool> IsHeldUp { get; set; } = _ => false;

    /// <summary>Delivers what is held up.</summary>
    public Action? Deliver { get; private set; }

    public void Alive(string leaseId) => OnLeaseAlive(leaseId);

    public void Ended(LeaseRelease release)
    {
        if (release.Claim is { } claim)
            OnChanged(claim.Election);
        if (release.EndsLease)
            OnLeaseEnded(release.LeaseId);
    }

    protected internal override ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken) =>
        AnswerAsync("claim", () => _store.Claim(claim, _lease));

    protected internal override ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) =>
        AnswerAsync("renew", () => _store.Renew(leaseId, held, _lease));

    protected internal override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) =>
        await AnswerAsync("give back", () =>
        {
            _store.GiveBack(release);
            return true;
        });

    protected internal override ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken) =>
        AnswerAsync("read", () => _store.Read(election));

    protected override ValueTask PingStoreAsync(CancellationToken cancellationToken) => default;

    protected override ValueTask CloseAsync() => default;

    private async ValueTask<T> AnswerAsync<T>(string kind, Func<T> execute)
    {
        // As an answer over the network would come.
        await Task.Yield();
        if (IsHeldUp(kind))
        {
            Deliver += () => execute();
            throw new ElectionStoreException("held up by the test", isTransient: true);
        }
        var answer = execute();
        Executed(kind);
        return answer;
    }
}
