using LeaderElection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Protects endpoints from leaders that were deposed without noticing.</summary>
public static class FencingEndpointExtensions
{
    /// <summary>
    /// Lets a request through only under a fencing token, in the header <see cref="FencingHeader.Name"/>, that is not
    /// below the highest seen. While a handler runs, no higher token gets in, so what it writes is not too late either.
    /// </summary>
    /// <remarks>
    /// Answers 428 (Precondition Required) without a token, 400 with something else in its place, and 409 (Conflict)
    /// when a later leader has been here, each with a line that says so. The handler must await what it writes. A gate
    /// is in memory: start it from what the resource has durably seen, and use one gate for all endpoints that change
    /// one resource.
    /// </remarks>
    /// <param name="endpoints">An endpoint, or a group of them.</param>
    /// <param name="gate">The gate of the resource that they change.</param>
    public static TBuilder RequireFencingToken<TBuilder>(this TBuilder endpoints, FencingGate gate) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(gate);
        return endpoints.RequireFencingToken(_ => gate);
    }

    /// <inheritdoc cref="RequireFencingToken{TBuilder}(TBuilder, FencingGate)"/>
    /// <param name="endpoints">An endpoint, or a group of them.</param>
    /// <param name="gate">Finds the gate of the resource that a request changes, by its route values for example.</param>
    public static TBuilder RequireFencingToken<TBuilder>(this TBuilder endpoints, Func<HttpContext, FencingGate> gate)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(gate);
        return endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (!http.Request.Headers.TryGetValue(FencingHeader.Name, out var values) || StringValues.IsNullOrEmpty(values))
                return Refuse(StatusCodes.Status428PreconditionRequired, $"the header {FencingHeader.Name} is missing");
            if (values.Count != 1 || !FencingHeader.TryParse(values[0], out var token))
                return Refuse(StatusCodes.Status400BadRequest, $"{FencingHeader.Name}: one whole number, not negative");

            var door = gate(http);
            object? result = null;
            var admitted = await door.TryEnterAsync(token, async () => result = await next(context).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false);
            return admitted
                ? result
                : Refuse(StatusCodes.Status409Conflict, token == 0 ? "fencing token 0 is never accepted" : $"fencing token {token} is lower than {door.Highest}, the highest seen");
        });
    }

    private static IResult Refuse(int status, string line) => Results.Text(line + "\n", statusCode: status);
}
