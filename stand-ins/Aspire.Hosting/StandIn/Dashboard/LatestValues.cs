namespace Aspire.Hosting.StandIn.Dashboard;

/// Holds the latest value of each key until they are taken, all at once.
internal sealed class LatestValues<T>
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _news = new(0, 1);
    private Dictionary<string, T> _values = [];

    public void Put(string key, T value)
    {
        lock (_lock)
        {
            _values[key] = value;
            if (_news.CurrentCount == 0)
                _news.Release();
        }
    }

    public async Task<IReadOnlyCollection<T>> TakeAsync(CancellationToken cancellationToken)
    {
        await _news.WaitAsync(cancellationToken);
        lock (_lock)
        {
            var taken = _values;
            _values = [];
            return taken.Values;
        }
    }
}
