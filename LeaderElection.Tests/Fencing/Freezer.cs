namespace LeaderElection.Tests.Fencing;

/// <summary>Has a leader hang on its next request to the store, as a frozen process does: given to it as <c>BeforeRequest</c>.</summary>
internal sealed class Freezer
{
    private readonly TaskCompletionSource _thawed = new();
    private volatile bool _isFrozen;

    public void Freeze() => _isFrozen = true;

    public void Thaw() => _thawed.SetResult();

    public async ValueTask BeforeRequestAsync(CancellationToken stop)
    {
        if (_isFrozen)
            await _thawed.Task.WaitAsync(stop);
    }
}
