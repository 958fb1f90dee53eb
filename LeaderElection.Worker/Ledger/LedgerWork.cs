using System.Diagnostics;
using System.Net.Sockets;
using LeaderElection.Hosting;
using LeaderElection.Worker.Faults;
using LeaderElection.Worker.Settings;

namespace LeaderElection.Worker.Ledger;

/// <summary>The leader's work: an entry for the ledger, again and again.</summary>
internal sealed partial class LedgerWork(
    LedgerClient ledger, FaultInjection faults, WorkerOptions options, TimeProvider time, ILogger<LedgerWork> logger) : LeaderService
{
    private static readonly ActivitySource Source = new("LeaderElection.Worker");

    private bool _boardInTrouble;

    protected override async Task LeadAsync(Leadership leadership, CancellationToken lost)
    {
        using var timer = new PeriodicTimer(options.WorkInterval, time);
        var number = 0L;
        do
        {
            await faults.WaitWhileFrozenAsync(lost);
            if (!await WriteAsync(leadership, $"entry {++number} of term {leadership.FencingToken}", lost))
                return;
        }
        while (await timer.WaitForNextTickAsync(lost));
    }

    /// <returns>Whether to go on leading.</returns>
    private async Task<bool> WriteAsync(Leadership leadership, string entry, CancellationToken lost)
    {
        using var activity = Source.StartActivity("ledger entry");
        activity?.SetTag("election.name", leadership.ElectionName);
        activity?.SetTag("election.fencing_token", leadership.FencingToken);
        activity?.SetTag("election.candidate", leadership.CandidateId);
        activity?.SetTag("election.strategy", options.Strategy);
        // As late as can be: the process may have been frozen a moment ago.
        if (!leadership.IsValid)
            return false;
        if (!ledger.IsConfigured)
        {
            LogDone(logger, entry);
            return true;
        }

        try
        {
            if (await ledger.AppendAsync(leadership, entry, lost) is { } highest)
            {
                _boardInTrouble = false;
                activity?.SetTag("election.highest_fencing_token", highest);
                activity?.SetStatus(ActivityStatusCode.Error, $"fencing token {leadership.FencingToken} was refused: the ledger has seen {highest}");
                LogRefused(logger, leadership.CandidateId, leadership.ElectionName, leadership.FencingToken, highest);
                return false;
            }
            if (_boardInTrouble)
                LogBack(logger, options.Board!);
            _boardInTrouble = false;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException || (e is OperationCanceledException && !lost.IsCancellationRequested))
        {
            // The ledger's trouble is not the election's: whoever led instead could not write either.
            var reason = e is OperationCanceledException ? "no answer in time" : e.Message;
            activity?.SetStatus(ActivityStatusCode.Error, reason);
            if (!_boardInTrouble)
                LogTrouble(logger, options.Board!, reason);
            _boardInTrouble = true;
        }
        return true;
    }

    [LoggerMessage(1, LogLevel.Debug, "work done: {Entry}")]
    private static partial void LogDone(ILogger logger, string entry);

    [LoggerMessage(2, LogLevel.Warning, "{Candidate} in {Election}: the ledger refused token {FencingToken}, it has seen {Highest}; the term ends")]
    private static partial void LogRefused(ILogger logger, string candidate, string election, long fencingToken, long highest);

    [LoggerMessage(3, LogLevel.Warning, "cannot write to the ledger at {Board}: {Reason}; goes on trying")]
    private static partial void LogTrouble(ILogger logger, Uri board, string reason);

    [LoggerMessage(4, LogLevel.Information, "the ledger at {Board} accepts entries again")]
    private static partial void LogBack(ILogger logger, Uri board);
}
