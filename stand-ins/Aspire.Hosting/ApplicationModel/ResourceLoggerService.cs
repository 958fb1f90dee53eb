using System.Collections.Concurrent;
using System.Globalization;
using Aspire.Hosting.StandIn;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// The console output of every resource and replica: the latest lines are kept, watchers get them and all that follow.
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, LogStream> _streams = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _aliases = new(StringComparer.OrdinalIgnoreCase);

    public ILogger GetLogger(IResource resource) => GetLogger(resource.Name);

    public ILogger GetLogger(string resourceName) => new ResourceLogger((line, isError) => Write(resourceName, line, isError));

    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource) => WatchAsync(resource.Name);

    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => StreamOf(resourceName).WatchAsync();

    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource) => GetAllAsync(resource.Name);

    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName) => StreamOf(resourceName).GetAllAsync();

    public void Dispose()
    {
        foreach (var stream in _streams.Values)
            stream.Complete();

        GC.SuppressFinalize(this);
    }

    /// What a replica writes is seen under the name of its resource as well.
    internal void Alias(string replicaId, string resourceName) => _aliases[replicaId] = resourceName;

    internal void Write(string name, string line, bool isError)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        StreamOf(name).Write($"{time} {line}", isError);
        if (_aliases.TryGetValue(name, out var resource) && resource != name)
            StreamOf(resource).Write($"{time} {line}", isError);
    }

    private LogStream StreamOf(string name) => _streams.GetOrAdd(name, _ => new());
}
