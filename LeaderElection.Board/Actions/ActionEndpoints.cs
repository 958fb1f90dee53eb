using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.ServiceDefaults;

namespace LeaderElection.Board.Actions;

internal static partial class ActionEndpoints
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static void MapActions(this IEndpointRouteBuilder endpoints)
    {
        // Whoever is not on this machine gets no token, so that a board on other addresses shows, but does nothing for strangers.
        endpoints.MapGet("/api/token", Token).Refuse((guard, request) => guard.RefuseToken(request)).OnlyFromLoopback();
        var election = endpoints.MapGroup("/api/elections/{strategy}/{election}").OnlyForActors();
        election.MapPost("/transfer", TransferAsync);
        election.MapPost("/candidates/{candidate}/{action}", ActAsync);
    }

    private static IResult Token(BoardGuard guard, HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        return Results.Json(new { guard.Token }, System.Text.Json.JsonSerializerOptions.Web);
    }

    /// <summary>Hands over to another candidate: asks the leader, whoever that is.</summary>
    private static async Task<IResult> TransferAsync(
        string strategy, string election, CandidateRoster roster, ReplicaActions actions, ILogger<ReplicaActions> logger, CancellationToken cancelled, string? to = null)
    {
        var key = new ElectionKey(election, strategy);
        if (roster.Find(key) is not { } found)
            return ErrorBody.WithStatus(StatusCodes.Status404NotFound, "the board knows no such election");
        if (found.Leader is not { } leader)
            return ErrorBody.WithStatus(StatusCodes.Status409Conflict, $"nobody leads {election}, who could hand over");
        return await RunAsync(key, leader.Candidate, ReplicaAction.Transfer, null, to, actions, logger, cancelled);
    }

    private static Task<IResult> ActAsync(
        string strategy, string election, string candidate, string action, ReplicaActions actions, ILogger<ReplicaActions> logger, CancellationToken cancelled,
        string? @for = null, string? from = null, string? to = null) =>
        RunAsync(new ElectionKey(election, strategy), candidate, action, @for, action == ReplicaAction.Transfer ? to : from, actions, logger, cancelled);

    private static async Task<IResult> RunAsync(
        ElectionKey election, string candidate, string name, string? time, string? members, ReplicaActions actions, ILogger logger, CancellationToken cancelled)
    {
        if (!ReplicaAction.OfCandidates.Contains(name) && !ReplicaAction.OfOperator.Contains(name))
            return ErrorBody.WithStatus(StatusCodes.Status404NotFound, $"there is no action {OneLine.Of(name, 40)}");
        TimeSpan? length = null;
        if (time is not null)
        {
            length = ActionTime.Parse(time);
            if (length is null || length <= TimeSpan.Zero || length > Longest)
                return ErrorBody.BadRequest("for: how long, such as 15s, 500ms or 2m; more than 0, at most 1h");
        }
        if (name == ReplicaAction.Freeze && length is null)
            return ErrorBody.BadRequest("for: how long to freeze, such as 15s");
        var names = members?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names is not null && (names.Length == 0 || !names.All(ElectionNames.IsValid)))
            return ErrorBody.BadRequest("from, to: members, separated by commas");
        if (name == ReplicaAction.Transfer && names is not { Length: 1 })
            return ErrorBody.BadRequest("to: the member to hand over to");

        var problem = await actions.RunAsync(election, candidate, new ReplicaAction(name, length, names), cancelled);
        LogAction(logger, name, candidate, election.Name, problem?.Error ?? "done");
        return problem is null ? Results.NoContent() : ErrorBody.WithStatus(problem.Status, problem.Error);
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "{Action} of {Candidate} in {Election}: {Outcome}")]
    private static partial void LogAction(ILogger logger, string action, string candidate, string election, string outcome);
}
