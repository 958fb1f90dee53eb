using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.StandIn;

internal sealed class ResourceLogger(Action<string, bool> write) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            write(exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception.Message}", logLevel >= LogLevel.Error);
    }
}
