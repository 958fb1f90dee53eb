using LeaderElection.Hosting;
using LeaderElection.Reports;
using LeaderElection.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LeaderElection.Playground.Status;

internal static class ElectionEndpoint
{
    public static void MapElection(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/election", Read).WithRoutineRequests();
        // No fault but a matter of course, so in Production as well: for those who sit on this machine.
        endpoints.MapPost("/election/resign", ResignAsync).RefuseForeignPages().OnlyFromLoopback();
        endpoints.MapPost("/election/transfer", TransferAsync).RefuseForeignPages().OnlyFromLoopback();
    }

    /// <summary>Hands over, if this candidate leads.</summary>
    public static Task<IResult> ResignAsync(CandidateRegistry registry, CancellationToken cancellationToken) =>
        HandOverAsync(registry, leadership => leadership.ResignAsync(cancellationToken));

    /// <summary>Hands over to a member of the raft cluster, if this candidate leads.</summary>
    private static async Task<IResult> TransferAsync(string? to, CandidateRegistry registry, RaftMember raft, CancellationToken cancellationToken)
    {
        if (raft.Peers is not { } peers)
            return Answer("this strategy hands over to whoever is next", StatusCodes.Status409Conflict);
        if (to is null || !peers.Contains(to))
            return Answer($"to: '{to}' is not another member; there are {string.Join(", ", peers)}", StatusCodes.Status409Conflict);
        return await HandOverAsync(registry, leadership => raft.TransferAsync(leadership, to, cancellationToken));
    }

    private static async Task<IResult> HandOverAsync(CandidateRegistry registry, Func<Leadership, ValueTask> handOver)
    {
        if (registry.Candidates.Select(c => c.Leadership).FirstOrDefault(l => l is not null) is not { } leadership)
            return Answer("this candidate does not lead", StatusCodes.Status409Conflict);
        try
        {
            await handOver(leadership);
            return Results.Json(new { Resigned = leadership.FencingToken });
        }
        catch (InvalidOperationException e)
        {
            return Answer(e.Message, StatusCodes.Status409Conflict);
        }
        catch (ElectionStoreException e)
        {
            return Answer(e.Message, StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult Answer(string line, int statusCode) => Results.Text($"{Text.OneLine(line)}\n", statusCode: statusCode);

    private static IResult Read(CandidatePulse pulse, Ledger ledger, RaftMember raft)
    {
        if (pulse.Known is not { } candidate)
            return Answer("the candidate has not joined its election yet", StatusCodes.Status503ServiceUnavailable);
        var status = pulse.Current;
        return Results.Json(new ElectionStatus(
            candidate.Election, candidate.Strategy, candidate.CandidateId, Role(status), status?.FencingToken, status?.Since, Seconds(status?.LeaseRemaining),
            status?.ObservedLeader is { } leader ? new LeaderStatus(leader.CandidateId, leader.FencingToken, leader.ElectedAt) : null,
            new LedgerStatus(ledger.Accepted, ledger.Refused),
            Environment.ProcessId,
            raft.Report(candidate.Election)));
    }

    public static string Role(CandidateStatus? status) => status switch
    {
        null => CandidateReport.Stopped,
        { Role: CandidateRole.Leader } => CandidateReport.Leader,
        _ => CandidateReport.Follower,
    };

    public static double? Seconds(TimeSpan? duration) => duration is { } time ? Math.Round(time.TotalSeconds, 3) : null;
}
