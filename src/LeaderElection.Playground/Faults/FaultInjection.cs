namespace LeaderElection.Playground.Faults;

/// <summary>Faults on demand, for demos and tests: only in Development does anybody ask for them.</summary>
internal sealed class FaultInjection(TimeProvider time)
{
    private CancellationTokenSource _healed = new();
    private volatile Task _freeze = Task.CompletedTask;
    private volatile CutOff _cutOff = new(Task.CompletedTask, From: null);

    /// <summary>From now on nothing is sent to the store or to other members, and no work is done, for this long.</summary>
    public void Freeze(TimeSpan duration) => _freeze = UntilHealedAsync(duration);

    /// <summary>From now on the store, or the other members, cannot be reached.</summary>
    /// <param name="duration">For how long; <see langword="null"/> until <see cref="Heal"/>.</param>
    /// <param name="from">The members that cannot be reached; <see langword="null"/> for all of them, and for the store.</param>
    public void CutOffFrom(TimeSpan? duration, IReadOnlyCollection<string>? from) =>
        _cutOff = new(UntilHealedAsync(duration ?? Timeout.InfiniteTimeSpan), from);

    /// <summary>Ends whatever lasts.</summary>
    public void Heal() => Interlocked.Exchange(ref _healed, new()).Cancel();

    public async ValueTask BeforeRequestAsync(CancellationToken cancellationToken)
    {
        await WaitWhileFrozenAsync(cancellationToken);
        if (_cutOff is { IsOver: false, From: null })
            throw new ElectionStoreException("cut off from the store by fault injection", isTransient: true);
    }

    /// <summary>Whether nothing passes between this member and another: one that is frozen does not listen either.</summary>
    public bool IsSilentTo(string member) => !_freeze.IsCompleted || IsCutOffFrom(member);

    public bool IsCutOffFrom(string member) => _cutOff is { IsOver: false } cutOff && cutOff.From?.Contains(member) != false;

    public Task WaitWhileFrozenAsync(CancellationToken cancellationToken) => _freeze.WaitAsync(cancellationToken);

    private async Task UntilHealedAsync(TimeSpan duration) =>
        await Task.Delay(duration, time, _healed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private sealed record CutOff(Task Over, IReadOnlyCollection<string>? From)
    {
        public bool IsOver => Over.IsCompleted;
    }
}
