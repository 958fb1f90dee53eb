using System.Runtime.CompilerServices;
using LeaderElection.Leases;

namespace LeaderElection.Tests.History;

/// <summary>A candidate process's place in one election.</summary>
internal sealed class CandidateSeat(CandidateArguments arguments, IElection election, FencedResource resource)
{
    private static readonly Lock Output = new();

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private volatile Leadership? _leadership;
    private volatile Task _resigning = Task.CompletedTask;

    // On the history's clock: when the work that was resigned from stops, and when nobody waits for it any more.
    private long _drainsUntil;
    private long _drainEnds;

    public string Election => election.Name;

    /// <summary>Campaigns, and leads, for ever.</summary>
    public async Task StandAsync()
    {
        while (true)
        {
            Record(EventKind.Campaigns, 0);
            try
            {
                await LeadAsync(await CampaignAsync());
                await _resigning;
            }
            catch (ElectionStoreException e)
            {
                // As a LeaderService does: it says so, and comes back to it.
                await Console.Error.WriteLineAsync(e.Message);
                await Task.Delay(arguments.Lease / 5, TimeProvider.System);
            }
        }
    }

    /// <summary>Resigns, if it leads.</summary>
    /// <param name="drain">How long its work then takes to stop.</param>
    public void Resign(TimeSpan drain)
    {
        if (_leadership is not { } leadership)
            return;
        var now = HistoryEvent.Now;
        Volatile.Write(ref _drainEnds, now + ((arguments.DrainTimeout ?? TimeSpan.Zero).Ticks * 100));
        Volatile.Write(ref _drainsUntil, now + (drain.Ticks * 100));
        _resigning = ResignAsync(leadership);
    }

    /// <summary>Registers handlers that throw, if it leads.</summary>
    public void Throw()
    {
        if (_leadership is not { } leadership)
            return;
        leadership.Lost.UnsafeRegister(_ => throw new InvalidOperationException("a callback of Lost threw"), null);
        leadership.WhenEnded((_, _) => throw new InvalidOperationException("a handler of the end threw"));
    }

    private async Task LeadAsync(Leadership leadership)
    {
        var token = leadership.FencingToken;
        // Frozen since it was elected, it may have lost already: then it never led.
        var at = HistoryEvent.Now;
        if (!leadership.IsValid)
            return;
        Record(EventKind.Elected, token, at: at);
        leadership.Lost.UnsafeRegister(_ => Record(EventKind.Lost, token), null);
        if (arguments.TakesCommands)
            new Thread(() => Watch(leadership)) { IsBackground = true, Name = $"watch {token}" }.Start();
        _leadership = leadership;
        try
        {
            if (arguments.Defect == CandidateDefect.ReleasesBeforeTheStop)
                await WorkAsync(leadership);
            else
                await leadership.RunAsync(_ => WorkAsync(leadership));
        }
        catch (OperationCanceledException)
        {
            // Lost before the work began.
        }
        _leadership = null;
        Volatile.Write(ref _drainsUntil, 0);
    }

    /// <summary>Sees <c>Lost</c> fire, and until when the lease lasts, also where nothing runs on the thread pool. It does not ask whether that is over: that would end it.</summary>
    private void Watch(Leadership leadership)
    {
        while (!leadership.Lost.IsCancellationRequested)
        {
            var at = HistoryEvent.Now;
            var remaining = Nanoseconds(LeaseOf(leadership).UntilDeadline);
            if (remaining > 0)
                Record(EventKind.Believes, leadership.FencingToken, at + remaining, at: at);
            leadership.Lost.WaitHandle.WaitOne(Look);
        }
        Record(EventKind.Lost, leadership.FencingToken);
    }

    private async Task WorkAsync(Leadership leadership)
    {
        var token = leadership.FencingToken;
        var belief = new Belief(leadership, arguments.Defect);
        long lostAt = 0;
        Record(EventKind.WorkStarted, token);
        while (true)
        {
            var at = HistoryEvent.Now;
            var until = belief.Until();
            if (until > 0)
                Record(EventKind.Believes, token, until, at: at);
            else if (!belief.GoesOn(lostAt = lostAt == 0 ? at : lostAt))
                break;
            // Frozen in here, it sends a late write, which the resource has to refuse.
            await Task.Delay(arguments.Work, TimeProvider.System);
            Record(EventKind.Sent, token);
            var highest = await resource.WriteAsync(token);
            if (highest != token)
                Record(EventKind.Refused, token, highest: highest);
        }
        await DrainAsync(leadership);
        Record(EventKind.WorkStopped, token);
    }

    /// <summary>Takes its time to stop, as it was told to when it resigned.</summary>
    private async Task DrainAsync(Leadership leadership)
    {
        while (leadership.EndReason == LeadershipEnd.Resigned && HistoryEvent.Now < Volatile.Read(ref _drainsUntil))
        {
            // The clock first, as above.
            var at = HistoryEvent.Now;
            var until = Math.Min(at + Nanoseconds(LeaseOf(leadership).Remaining), Volatile.Read(ref _drainEnds));
            if (until > at)
                Record(EventKind.Drains, leadership.FencingToken, until, at: at);
            await Task.Delay(arguments.Work, TimeProvider.System);
        }
    }

    private async Task ResignAsync(Leadership leadership)
    {
        try
        {
            await leadership.ResignAsync();
            if (leadership.EndReason == LeadershipEnd.Resigned)
                Record(EventKind.Resigned, leadership.FencingToken);
        }
        catch (ElectionStoreException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
        }
    }

    private async Task<Leadership> CampaignAsync()
    {
        if (arguments.Defect != CandidateDefect.LeadsOnFirstDelete)
            return await election.CampaignAsync();
        using var elected = new CancellationTokenSource();
        var proper = election.CampaignAsync(elected.Token).AsTask();
        var hasty = LeaderGoneAsync(election, elected.Token);
        await Task.WhenAny(proper, hasty);
        // Before anything cancels it.
        var isProper = proper.IsCompleted;
        await elected.CancelAsync();
        if (isProper)
            return await proper;
        var clock = new LeaseClock(TimeProvider.System, arguments.Lease, 0.01, arguments.Lease / 20);
        clock.Confirm(TimeProvider.System.GetTimestamp());
        return new Leadership(
            Election, arguments.Candidate, await hasty + 1, TimeProvider.System.GetUtcNow(), clock, _ => ValueTask.CompletedTask);
    }

    /// <returns>The token of a leader that was there and is not any more.</returns>
    private static async Task<long> LeaderGoneAsync(IElection election, CancellationToken cancellationToken)
    {
        LeaderInfo? seen = null;
        await foreach (var leader in election.ObserveAsync(cancellationToken))
        {
            if (seen is not null && leader?.FencingToken != seen.FencingToken)
                return seen.FencingToken;
            seen = leader;
        }
        throw new OperationCanceledException(cancellationToken);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lease")]
    private static extern ref LeaseClock LeaseOf(Leadership leadership);

    private static long Nanoseconds(TimeSpan time) => (long)(time.TotalMilliseconds * 1_000_000);

    private void Record(EventKind what, long token, long until = 0, long highest = 0, long at = 0)
    {
        var line = new HistoryEvent(at == 0 ? HistoryEvent.Now : at, arguments.Candidate, what, token, until, highest, Election: Election).ToString();
        lock (Output)
            Console.Out.WriteLine(line);
    }
}
