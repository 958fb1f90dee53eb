using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Actions;

internal static class OperatorEndpoints
{
    private const int MaxError = 500;

    public static void MapOperator(this IEndpointRouteBuilder endpoints)
    {
        var operators = endpoints.MapGroup("/api/operator").OnlyForTheOperator();
        operators.MapGet("/stream", StreamAsync);
        operators.MapPost("/operations/{id:long}", Complete);
    }

    /// <summary>Server-sent events: <c>operation</c>, what to do. Who reads them is the operator.</summary>
    private static async Task StreamAsync(HttpContext context, Operator operators, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var events = new EventWriter(context.Response);
        var connection = operators.Connect();
        Task<bool>? waiting = null;
        try
        {
            while (true)
            {
                while (connection.Reader.TryRead(out var operation))
                    await events.WriteAsync("operation", operation, [], ended.Token);
                // With a comment now and then: an operator that is gone without a goodbye is noticed by it.
                await context.Response.WriteAsync(": waiting\n\n", ended.Token);
                await events.FlushAsync(ended.Token);
                waiting ??= connection.Reader.WaitToReadAsync(ended.Token).AsTask();
                try
                {
                    if (!await waiting.WaitAsync(EventWriter.KeepAlive, time, ended.Token))
                        return;
                    waiting = null;
                }
                catch (TimeoutException)
                {
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The operator has gone, or the board is going.
        }
        finally
        {
            operators.Disconnect(connection);
        }
    }

    private static IResult Complete(long id, OperationResult result, Operator operators)
    {
        var error = result.Error is { Length: > 0 } text ? OneLine.Of(text, MaxError) : null;
        return operators.Complete(id, error)
            ? Results.NoContent()
            : ErrorBody.WithStatus(StatusCodes.Status404NotFound, "nobody waits for this operation");
    }
}
