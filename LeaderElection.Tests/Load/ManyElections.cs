using System.Collections.Concurrent;
using System.Globalization;
using LeaderElection.Tests.History;

namespace LeaderElection.Tests.Load;

/// <summary>
/// A process that is a candidate in many elections at once. It prints who was elected and who lost, when, and until
/// when it may believe; and on the command <c>measure</c> what it takes of memory, handles and threads.
/// </summary>
internal sealed class ManyElections(string strategy, string endpoint, string candidate, TimeSpan lease, int count, TimeSpan? longestTerm)
{
    public const string Command = "many";

    private const int LongestFailure = 1000;

    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(100);

    private readonly Lock _output = new();
    private readonly ConcurrentDictionary<Leadership, bool> _held = new();
    private readonly CancellationTokenSource _ending = new();
    private int _unobserved;
    private long _endingAt;

    /// <param name="args"><c>many STRATEGY ENDPOINT CANDIDATE LEASE-MS COUNT LONGEST-TERM-MS</c>; without a longest term (0) it never resigns.</param>
    public static async Task<int> MainAsync(string[] args)
    {
        if (args is not [_, var strategy, var endpoint, var candidate, var lease, var count, var term])
            return 2;
        var longestTerm = Milliseconds(term);
        await new ManyElections(strategy, endpoint, candidate, Milliseconds(lease), int.Parse(count), longestTerm > TimeSpan.Zero ? longestTerm : null).RunAsync();
        return 0;
    }

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(double.Parse(text, CultureInfo.InvariantCulture));

    private async Task RunAsync()
    {
        TaskScheduler.UnobservedTaskException += (_, e) => Failed("unobserved", e.Exception);
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Failed("unhandled", e.ExceptionObject);
        var backend = CandidateBackend.Create(strategy, endpoint, candidate, lease);
        Task[] stands = [.. Enumerable.Range(0, count).Select(i => Task.Run(() => StandAsync(backend, i))), Task.Run(PulseAsync)];
        if (longestTerm is not null)
            stands = [.. stands, .. Enumerable.Range(0, Math.Max(1, count / 10)).Select(i => Task.Run(() => ObserveAsync(backend, i)))];
        Say("ready");
        // Console.In would block.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line && line != "end")
        {
            if (line == "measure")
                Say(Measurement.Here(ref _unobserved).ToString());
        }
        await _ending.CancelAsync();
        Volatile.Write(ref _endingAt, HistoryEvent.Now);
        await backend.DisposeAsync();
        await Task.WhenAll(stands);
        Say(Measurement.Here(ref _unobserved).ToString());
    }

    private async Task StandAsync(IElectionBackend backend, int index)
    {
        IElection? election = null;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                election ??= backend.CreateElection($"load-{index}", candidate);
                await LeadAsync(await election.CampaignAsync(), index);
                if (longestTerm is not null && Random.Shared.Next(2) == 0)
                {
                    await election.DisposeAsync();
                    election = null;
                }
            }
            catch (ElectionStoreException e)
            {
                // As a LeaderService does: it says so, and comes back to it.
                await Console.Error.WriteLineAsync(e.Message);
                await PauseAsync(lease / 5);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException && _ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Failed("campaign", e);
                return;
            }
        }
    }

    private async Task LeadAsync(Leadership leadership, int index)
    {
        // Frozen since it was elected, it may have lost already: then it never led.
        var at = HistoryEvent.Now;
        if (!leadership.IsValid)
            return;
        // Held before it is told, and told to be over before it is let go: see PulseAsync.
        _held.TryAdd(leadership, true);
        Say($"elected {index} {leadership.FencingToken} {at}");
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long resigning = 0;
        leadership.Lost.UnsafeRegister(
            _ =>
            {
                // The token reads as cancelled before the store is told, but this runs when the thread pool comes to it.
                var resigned = Volatile.Read(ref resigning) is > 0 and var own ? own : Volatile.Read(ref _endingAt);
                Say($"lost {index} {leadership.FencingToken} {(leadership.EndReason == LeadershipEnd.Resigned ? resigned : HistoryEvent.Now)}");
                _held.TryRemove(leadership, out bool _);
                over.SetResult();
            },
            null);
        if (longestTerm is { } longest)
        {
            await Task.WhenAny(over.Task, PauseAsync(longest * Random.Shared.NextDouble()));
            Volatile.Write(ref resigning, HistoryEvent.Now);
            await leadership.ResignAsync();
        }
        await over.Task;
    }

    private async Task ObserveAsync(IElectionBackend backend, int index)
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await using var election = backend.CreateElection($"load-{index}", candidate);
                using var enough = new CancellationTokenSource(longestTerm!.Value, TimeProvider.System);
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, _ending.Token);
                await foreach (var leader in election.ObserveAsync(stop.Token))
                {
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ElectionStoreException or ObjectDisposedException)
            {
            }
            catch (Exception e)
            {
                Failed("observation", e);
                return;
            }
        }
    }

    /// <summary>Tells until when all that are held may be believed in: never too late.</summary>
    private async Task PulseAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            await PauseAsync(Pulse);
            var held = _held.Keys;
            // The clock first: a freeze in between makes the deadline too early, never too late.
            var now = HistoryEvent.Now;
            var least = held.Select(l => l.LeaseRemaining).DefaultIfEmpty().Min();
            // One that is over and was not told yet must not be believed in longer for the sake of the others.
            if (least > TimeSpan.Zero)
                Say($"believes {now} {now + (least.Ticks * 100)}");
        }
    }

    private async Task PauseAsync(TimeSpan length) =>
        await Task.Delay(length, TimeProvider.System, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Failed(string how, object error)
    {
        Interlocked.Increment(ref _unobserved);
        var text = error.ToString()!.ReplaceLineEndings(" ");
        Say($"failed {how}: {text[..Math.Min(text.Length, LongestFailure)]}");
    }

    private void Say(string line)
    {
        lock (_output)
            Console.Out.WriteLine(line);
    }
}
