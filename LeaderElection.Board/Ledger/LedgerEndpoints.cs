using System.Diagnostics;
using System.Text.Json;
using LeaderElection.Board.Actions;
using LeaderElection.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;

namespace LeaderElection.Board.Ledger;

internal static partial class LedgerEndpoints
{
    private const int MaxLimit = 1_000;

    public static void MapLedger(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/ledger/{election}", AppendAsync).RefuseForeignPages();
        endpoints.MapGet("/api/ledger/{election}", Read);
    }

    private static async Task<IResult> AppendAsync(
        string election, HttpRequest request, LedgerStore ledger, LedgerNews news, ILogger<LedgerStore> logger)
    {
        var (write, bad) = await LedgerRequest.ReadAsync(election, request);
        if (write is null)
            return bad!;

        using var activity = BoardTelemetry.Source.StartActivity("ledger append");
        activity?.SetTag("election.name", election);
        activity?.SetTag("election.fencing_token", write.FencingToken);
        activity?.SetTag("election.candidate", write.Candidate);
        LedgerDecision decision;
        try
        {
            decision = await ledger.AppendAsync(write);
        }
        catch (LedgerException exception)
        {
            Count(election, "failed");
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            LogFailed(logger, exception.Message);
            return ErrorBody.WithStatus(StatusCodes.Status503ServiceUnavailable, "the ledger cannot be written now; the board's log says why");
        }

        news.Tell(write, decision);
        if (decision.Sequence is not { } sequence)
        {
            var error = write.FencingToken == 0
                ? $"fencing token 0 is never accepted; the highest seen is {decision.Highest}"
                : write.Epoch < decision.Epoch ? $"epoch {write.Epoch} is over; fencing tokens are of epoch {decision.Epoch} now"
                : $"fencing token {write.FencingToken} is lower than {decision.Highest}, the highest seen";
            Count(election, "refused");
            activity?.SetTag("election.highest_fencing_token", decision.Highest);
            activity?.SetStatus(ActivityStatusCode.Error, error);
            LogRefused(logger, election, write.Candidate, error);
            return Results.Json(new { decision.Highest, Error = error }, JsonSerializerOptions.Web, statusCode: StatusCodes.Status409Conflict);
        }
        Count(election, "accepted");
        if (!decision.IsFirstOfTerm)
            request.HttpContext.Features.Get<IHttpActivityFeature>()?.Activity.SetRoutine();
        activity?.SetTag("ledger.sequence", sequence);
        return Results.Json(
            new { Election = election, Sequence = sequence, write.FencingToken },
            JsonSerializerOptions.Web,
            statusCode: StatusCodes.Status201Created);
    }

    private static IResult Read(string election, LedgerStore ledger, ILogger<LedgerStore> logger, string? limit = null)
    {
        if (!ElectionNames.IsValid(election))
            return ErrorBody.BadRequest($"the election's name: 1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -");
        var count = 100;
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > MaxLimit))
            return ErrorBody.BadRequest($"limit: a whole number, 1 to {MaxLimit}");
        try
        {
            return Results.Json(ledger.Read(election, count), JsonSerializerOptions.Web);
        }
        catch (LedgerException exception)
        {
            LogFailed(logger, exception.Message);
            return ErrorBody.WithStatus(StatusCodes.Status503ServiceUnavailable, "the ledger cannot be read now; the board's log says why");
        }
    }

    private static void Count(string election, string outcome) =>
        BoardTelemetry.LedgerWrites.Add(1, new("election.name", election), new("election.ledger.outcome", outcome));

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Refused a write to the ledger of {Election} by {Candidate}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string election, string? candidate, string reason);

    [LoggerMessage(EventId = 31, Level = LogLevel.Error, Message = "{Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
