namespace LeaderElection.Board.Elections;

/// <summary>Tells the open event streams what has changed; what they do with it is theirs.</summary>
internal sealed class ChangeFeed
{
    private readonly Lock _lock = new();
    private readonly HashSet<ChangeSubscription> _subscriptions = [];

    public ChangeSubscription Subscribe()
    {
        var subscription = new ChangeSubscription(this);
        lock (_lock)
            _subscriptions.Add(subscription);
        return subscription;
    }

    public void ElectionsChanged()
    {
        lock (_lock)
        {
            foreach (var subscription in _subscriptions)
                subscription.AddElections();
        }
    }

    public void LedgerChanged(string election)
    {
        lock (_lock)
        {
            foreach (var subscription in _subscriptions)
                subscription.AddLedger(election);
        }
    }

    internal void Remove(ChangeSubscription subscription)
    {
        lock (_lock)
            _subscriptions.Remove(subscription);
    }
}
