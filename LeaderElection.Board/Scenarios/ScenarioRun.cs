using System.Globalization;
using System.Runtime.CompilerServices;
using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Scenarios;

/// <summary>One run of a scenario, and its log. Thread-safe.</summary>
internal sealed class ScenarioRun(string id, Scenario scenario, ElectionKey election, TimeProvider time)
{
    public const string Passed = "PASSED";
    public const string Failed = "FAILED: ";

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly long _start = time.GetTimestamp();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    public string Id => id;

    public Scenario Scenario => scenario;

    public ElectionKey Election => election;

    /// <summary>Adds a line, with the time since the start.</summary>
    public void Say(string line) => Add(string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_start).TotalSeconds,8:0.000} s  {line}"), isLast: false);

    /// <summary>Adds a line as it is.</summary>
    public void SayPlainly(string line) => Add(line, isLast: false);

    public void End(string? failure) => Add(failure is null ? Passed : Failed + OneLine.Of(failure, 500), isLast: true);

    /// <summary>Every line from the first on, as it comes, to the end of the run.</summary>
    public async IAsyncEnumerable<string> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var read = 0; ;)
        {
            string[] lines;
            Task news;
            bool ended;
            lock (_lock)
                (lines, news, ended) = ([.. _lines.Skip(read)], _news.Task, _ended);
            foreach (var line in lines)
                yield return line;
            read += lines.Length;
            if (ended)
                yield break;
            await news.WaitAsync(cancellationToken);
        }
    }

    private void Add(string line, bool isLast)
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            _lines.Add(line);
            _ended |= isLast;
            news = _news;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        news.SetResult();
    }
}
