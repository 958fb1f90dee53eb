namespace LeaderElection.Worker.Faults;

/// <summary>Faults on demand, for demos and tests: only in Development does anybody ask for them.</summary>
internal sealed class FaultInjection(TimeProvider time)
{
    private volatile Task _freeze = Task.CompletedTask;
    private volatile Task _cutOff = Task.CompletedTask;

    /// <summary>From now on nothing is sent to the store and no work is done, for this long.</summary>
    public void Freeze(TimeSpan duration) => _freeze = Task.Delay(duration, time);

    /// <summary>From now on the store cannot be reached, for this long.</summary>
    public void CutOff(TimeSpan duration) => _cutOff = Task.Delay(duration, time);

    public async ValueTask BeforeRequestAsync(CancellationToken cancellationToken)
    {
        await WaitWhileFrozenAsync(cancellationToken);
        if (!_cutOff.IsCompleted)
            throw new ElectionStoreException("cut off from the store by fault injection", isTransient: true);
    }

    public Task WaitWhileFrozenAsync(CancellationToken cancellationToken) => _freeze.WaitAsync(cancellationToken);
}
