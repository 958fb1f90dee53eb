using LeaderElection.Hosting;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.Playground.Status;

/// <summary>Shows on the console who leads: every change at once and, where somebody is watching, the state once a second.</summary>
internal sealed class ConsoleStatus(CandidatePulse pulse, PlaygroundSettings settings, OwnAddress address, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await address.Started;
        CandidateStatus? last = null;
        await foreach (var (status, isTick) in pulse.BeatsAsync(_ => CandidatePulse.Second, stoppingToken))
        {
            if (last is null && status is not null)
                Print($">>> {status.CandidateId} campaigns in {status.Election} ({status.Strategy}), pid {Environment.ProcessId}, {address.Url}");
            foreach (var change in Changes(last, status))
                Print($">>> {change}");
            if (isTick && settings.Status && status is not null)
                Print(Line(status));
            last = status;
        }
    }

    internal static IEnumerable<string> Changes(CandidateStatus? before, CandidateStatus? now)
    {
        if (before is { Role: CandidateRole.Leader } && now?.FencingToken != before.FencingToken)
            yield return $"{before.CandidateId} is no longer LEADER of {before.Election}, token {before.FencingToken}";
        if (now is null)
        {
            if (before is not null)
                yield return $"{before.CandidateId} withdraws from {before.Election}";
            yield break;
        }
        if (now.Role == CandidateRole.Leader)
        {
            if (before?.FencingToken != now.FencingToken)
                yield return $"{now.CandidateId} became LEADER of {now.Election}, token {now.FencingToken}";
        }
        // What the store says of oneself is no news.
        else if (now.ObservedLeader?.FencingToken != before?.ObservedLeader?.FencingToken && now.ObservedLeader?.CandidateId != now.CandidateId)
        {
            yield return now.ObservedLeader is { } leader
                ? $"{leader.CandidateId} leads {now.Election}, token {leader.FencingToken}"
                : $"nobody leads {now.Election}";
        }
    }

    internal static string Line(CandidateStatus status) => status switch
    {
        { Role: CandidateRole.Leader } => FormattableString.Invariant(
            $"{status.CandidateId} LEADER    {status.Election} token {status.FencingToken}  lease {status.LeaseRemaining?.TotalSeconds ?? 0:0.0}s"),
        { ObservedLeader: { } leader } => $"{status.CandidateId} FOLLOWER  {status.Election} leader {leader.CandidateId} token {leader.FencingToken}",
        _ => $"{status.CandidateId} FOLLOWER  {status.Election} no leader",
    };

    private void Print(string line) => Console.WriteLine($"{time.GetLocalNow():HH:mm:ss} {line}");
}
