using System.Globalization;
using System.Threading.Channels;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>A candidate's process, ours or a peer's: its lines become events of the contest.</summary>
internal sealed class MeasuredCandidate : IAsyncDisposable
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _pump;

    public MeasuredCandidate(ChildProcess process, Seat seat, ChannelWriter<CandidateEvent> events)
    {
        Process = process;
        Seat = seat;
        _pump = PumpAsync(events);
    }

    public ChildProcess Process { get; }

    public Seat Seat { get; }

    /// <summary>It campaigns.</summary>
    public Task Ready => _ready.Task;

    public Task SendAsync(string command) => Process.WriteLineAsync(command);

    public async ValueTask DisposeAsync()
    {
        Process.Kill();
        await _pump;
        await Process.DisposeAsync();
    }

    private async Task PumpAsync(ChannelWriter<CandidateEvent> events)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var line = await Process.WaitForLineAsync(static _ => true, "another line", i, Timeout.InfiniteTimeSpan);
                if (line.IsError || line.Text.Split(' ') is not [var what, var at, ..] || !long.TryParse(at, CultureInfo.InvariantCulture, out var nanoseconds))
                    continue;
                if (what == "READY")
                    _ready.TrySetResult();
                events.TryWrite(new CandidateEvent(this, what, nanoseconds));
            }
        }
        catch (TimeoutException)
        {
            // It has exited.
            _ready.TrySetException(new MeasureException($"{Seat.Id} of {Seat.Election} ended before it campaigned. {Process.Describe()}"));
            _ = _ready.Task.Exception;
        }
    }
}
