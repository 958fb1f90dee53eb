using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn;

/// The latest lines of a console. Watchers read from what is kept: one that is too slow misses lines, and costs nothing.
internal sealed class LogStream
{
    private const int Kept = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _completed;

    public void Write(string content, bool isError)
    {
        lock (_lock)
        {
            _lines.Enqueue(new(++_count, content, isError));
            if (_lines.Count > Kept)
                _lines.Dequeue();

            Tell();
        }
    }

    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            Tell();
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync()
    {
        await Task.CompletedTask;
        yield return After(0).Lines;
    }

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seen = 0;
        while (true)
        {
            var (lines, news, completed) = After(seen);
            if (lines.Length > 0)
            {
                seen = lines[^1].LineNumber;
                yield return lines;
            }
            else if (completed)
            {
                yield break;
            }
            else
            {
                await news.WaitAsync(cancellationToken);
            }
        }
    }

    private (LogLine[] Lines, Task News, bool Completed) After(int seen)
    {
        lock (_lock)
        {
            var first = _count - _lines.Count + 1;
            return ([.. _lines.Skip(Math.Max(0, seen + 1 - first))], _news.Task, _completed);
        }
    }

    private void Tell()
    {
        var told = _news;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        told.SetResult();
    }
}
