namespace LeaderElection.Board;

/// <summary>The body of an answer that refuses a request: one line that says why.</summary>
internal sealed record ErrorBody(string Error)
{
    public static IResult BadRequest(string error) => Results.Json(new ErrorBody(error), statusCode: StatusCodes.Status400BadRequest);

    public static IResult WithStatus(int statusCode, string error) => Results.Json(new ErrorBody(error), statusCode: statusCode);
}
