namespace LeaderElection.Board.Elections;

/// <summary>Tells those who follow what has changed; what they do with it is theirs.</summary>
internal sealed class ChangeFeed
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChangeSubscription> _subscriptions = new(StringComparer.Ordinal);

    public ChangeSubscription Subscribe()
    {
        var subscription = new ChangeSubscription(this);
        lock (_lock)
            _subscriptions.Add(subscription.Id, subscription);
        return subscription;
    }

    /// <summary>An open subscription by its id, which only its owner was told.</summary>
    public ChangeSubscription? Find(string id)
    {
        lock (_lock)
            return _subscriptions.GetValueOrDefault(id);
    }

    public void ElectionChanged(ElectionKey election) => Tell(subscription => subscription.Add(changes => changes.Elections.Add(election)));

    public void TimelineChanged(ElectionKey election) => Tell(subscription => subscription.Add(changes => changes.Timelines.Add(election)));

    /// <summary>A candidate has reported, whatever it said.</summary>
    public void Reported(ElectionKey election) => Tell(subscription => subscription.AddPulse(election));

    public void LedgerChanged(string election) => Tell(subscription => subscription.Add(changes => changes.Ledgers.Add(election)));

    /// <summary>What the board itself can do has changed.</summary>
    public void BoardChanged() => Tell(subscription => subscription.Add(changes => changes.Board = true));

    internal void Remove(ChangeSubscription subscription)
    {
        lock (_lock)
            _subscriptions.Remove(subscription.Id);
    }

    private void Tell(Action<ChangeSubscription> tell)
    {
        lock (_lock)
        {
            foreach (var subscription in _subscriptions.Values)
                tell(subscription);
        }
    }
}
