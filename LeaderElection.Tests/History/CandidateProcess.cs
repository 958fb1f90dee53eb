using System.Runtime.InteropServices;
using LeaderElection.Leases;

namespace LeaderElection.Tests.History;

/// <summary>
/// A candidate as a process of its own: campaigns, writes to a fenced resource while it leads, and prints its history.
/// It resigns on SIGTERM and campaigns again; the test ends it.
/// </summary>
internal sealed class CandidateProcess(CandidateArguments arguments)
{
    private readonly Lock _output = new();
    private readonly TimeProvider _time = arguments.HasWanderingClock ? new WanderingClock() : TimeProvider.System;
    private volatile HashSet<string> _cutOff = [];
    private volatile Leadership? _leadership;
    private volatile Task _resigning = Task.CompletedTask;

    public async Task RunAsync()
    {
        if (arguments.TakesCommands)
            _ = TakeCommandsAsync();
        using var resign = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            if (_leadership is { } leadership)
                _resigning = ResignAsync(leadership);
        });
        await using var backend = CandidateBackend.Create(
            arguments.Strategy, arguments.Endpoint, arguments.Candidate, arguments.Lease, _time, member => _cutOff.Contains(member));
        var election = backend.CreateElection(arguments.Election, arguments.Candidate);
        using var resource = await FencedResource.ConnectAsync(arguments.Resource);
        while (true)
        {
            Record(EventKind.Campaigns, 0);
            try
            {
                await LeadAsync(await CampaignAsync(election), resource);
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

    private async Task LeadAsync(Leadership leadership, FencedResource resource)
    {
        var token = leadership.FencingToken;
        // Frozen since it was elected, it may have lost already: then it never led.
        var at = HistoryEvent.Now;
        if (!leadership.IsValid)
            return;
        Record(EventKind.Elected, token, at: at);
        leadership.Lost.UnsafeRegister(_ => Record(EventKind.Lost, token), null);
        _leadership = leadership;
        try
        {
            if (arguments.Defect == CandidateDefect.ReleasesBeforeTheStop)
                await WorkAsync(leadership, resource);
            else
                await leadership.RunAsync(_ => WorkAsync(leadership, resource));
        }
        catch (OperationCanceledException)
        {
            // Lost before the work began.
        }
        _leadership = null;
    }

    private async Task WorkAsync(Leadership leadership, FencedResource resource)
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
        Record(EventKind.WorkStopped, token);
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

    private async Task<Leadership> CampaignAsync(IElection election)
    {
        if (arguments.Defect != CandidateDefect.LeadsOnFirstDelete)
            return await election.CampaignAsync();
        using var elected = new CancellationTokenSource();
        var proper = election.CampaignAsync(elected.Token).AsTask();
        var hasty = LeaderGoneAsync(election, elected.Token);
        await Task.WhenAny(proper, hasty);
        if (proper.IsCompleted)
        {
            await elected.CancelAsync();
            return await proper;
        }
        await elected.CancelAsync();
        var clock = new LeaseClock(TimeProvider.System, arguments.Lease, 0.01, arguments.Lease / 20);
        clock.Confirm(TimeProvider.System.GetTimestamp());
        return new Leadership(
            arguments.Election, arguments.Candidate, await hasty + 1, TimeProvider.System.GetUtcNow(), clock, _ => ValueTask.CompletedTask);
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

    /// <summary><c>cut MEMBER…</c> drops what passes between this raft member and those; <c>heal</c> ends that.</summary>
    private async Task TakeCommandsAsync()
    {
        // Console.In would block.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
        {
            if (line.Split(' ') is ["cut", .. var members])
                _cutOff = [.. members];
            else
                _cutOff = [];
        }
        // The test is gone.
        Environment.Exit(0);
    }

    private void Record(EventKind what, long token, long until = 0, long highest = 0, long at = 0)
    {
        var line = new HistoryEvent(at == 0 ? HistoryEvent.Now : at, arguments.Candidate, what, token, until, highest).ToString();
        lock (_output)
            Console.Out.WriteLine(line);
    }
}
