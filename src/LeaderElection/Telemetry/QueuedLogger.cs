using Microsoft.Extensions.Logging;

namespace LeaderElection.Telemetry;

/// <summary>
/// A logger that nobody waits for: one that throws, or whose disk or terminal hangs, holds up its own lines, and no
/// renewal, claim or release.
/// </summary>
internal sealed class QueuedLogger : ILogger
{
    private readonly SerialQueue _queue;
    private readonly ILogger _inner;

    private QueuedLogger(ILogger inner) => (_inner, _queue) = (inner, new SerialQueue(inner.LinesDropped));

    public static QueuedLogger Of(ILogger logger) => logger as QueuedLogger ?? new QueuedLogger(logger);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return _inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            // Nor does it write then.
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // Within a span, say, that was posted as well.
        if (_queue.IsRunningHere)
            _inner.Log(logLevel, eventId, state, exception, formatter);
        else
            _queue.Post(() => _inner.Log(logLevel, eventId, state, exception, formatter));
    }

    /// <summary>Runs what else calls code of others, such as spans, in order with the lines.</summary>
    public void Post(Action action) => _queue.Post(action);

    /// <summary>Completes when all that was logged is written.</summary>
    public Task WhenIdleAsync() => _queue.WhenIdleAsync();
}
