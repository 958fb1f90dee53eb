using LeaderElection.Hosting;
using LeaderElection.ServiceDefaults;
using LeaderElection.Worker.Ledger;
using LeaderElection.Worker.Settings;

namespace LeaderElection.Worker.Status;

internal static class ElectionEndpoint
{
    public static void MapElection(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/election", Read);
        // No fault but a matter of course, so in Production as well: for those who sit on this machine.
        endpoints.MapPost("/election/resign", ResignAsync).RefuseForeignPages().OnlyFromLoopback();
    }

    /// <summary>Hands over, if this candidate leads.</summary>
    public static async Task<IResult> ResignAsync(CandidateRegistry registry, CancellationToken cancellationToken)
    {
        if (registry.Candidates.Select(c => c.Leadership).FirstOrDefault(l => l is not null) is not { } leadership)
            return Results.Text("this candidate does not lead\n", statusCode: StatusCodes.Status409Conflict);
        try
        {
            await leadership.ResignAsync(cancellationToken);
            return Results.Json(new { Resigned = leadership.FencingToken });
        }
        catch (ElectionStoreException e)
        {
            return Results.Text($"{Text.OneLine(e.Message)}\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static ElectionStatus Read(CandidatePulse pulse, WorkerOptions options, LedgerClient ledger)
    {
        var status = pulse.Current;
        return new ElectionStatus(
            options.Election, options.Strategy, options.Candidate, Role(status), status?.FencingToken, status?.Since, Seconds(status?.LeaseRemaining),
            status?.ObservedLeader is { } leader ? new LeaderStatus(leader.CandidateId, leader.FencingToken, leader.ElectedAt) : null,
            new LedgerStatus(ledger.Accepted, ledger.Refused),
            Environment.ProcessId);
    }

    public static string Role(CandidateStatus? status) => status switch
    {
        null => Board.Candidates.CandidateReport.Stopped,
        { Role: CandidateRole.Leader } => Board.Candidates.CandidateReport.Leader,
        _ => Board.Candidates.CandidateReport.Follower,
    };

    public static double? Seconds(TimeSpan? duration) => duration is { } time ? Math.Round(time.TotalSeconds, 3) : null;
}
