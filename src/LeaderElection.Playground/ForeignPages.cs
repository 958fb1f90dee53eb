using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LeaderElection.Playground;

internal static class ForeignPages
{
    /// <summary>A browser lets any page post to this machine, and names the page in Origin: those from elsewhere are refused.</summary>
    public static TBuilder RefuseForeignPages<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) => IsForeign(context.HttpContext.Request)
            ? Results.Text("web pages from elsewhere may not do this\n", statusCode: StatusCodes.Status403Forbidden)
            : await next(context));

    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.Any(origin => !Uri.TryCreate(origin, UriKind.Absolute, out var page) || !page.IsLoopback);
}
