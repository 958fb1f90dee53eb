namespace LeaderElection.Board.Actions;

internal static class GuardConvention
{
    /// <summary>Only for the page by its token, or the operator by its key.</summary>
    public static TBuilder OnlyForActors<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.Refuse((guard, request) => guard.RefuseAction(request));

    /// <summary>Only for the operator by its key.</summary>
    public static TBuilder OnlyForTheOperator<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.Refuse((guard, request) => guard.RefuseOperator(request));

    /// <summary>Not for pages of other origins.</summary>
    public static TBuilder RefuseForeignPages<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.Refuse((_, request) => BoardGuard.IsForeign(request) ? BoardGuard.Foreign() : null);

    public static TBuilder Refuse<TBuilder>(this TBuilder endpoints, Func<BoardGuard, HttpRequest, IResult?> refuse)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var request = context.HttpContext.Request;
            return refuse(request.HttpContext.RequestServices.GetRequiredService<BoardGuard>(), request) ?? await next(context);
        });
}
