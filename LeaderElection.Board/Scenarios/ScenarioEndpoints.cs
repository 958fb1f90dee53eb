using System.Text.Json;
using LeaderElection.Board.Actions;
using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Scenarios;

internal static class ScenarioEndpoints
{
    public static void AddScenarios(this IServiceCollection services)
    {
        services.AddSingleton<Scenario, LeaderFailure>();
        services.AddSingleton<Scenario, Partition>();
        services.AddSingleton<Scenario, RollingRestart>();
        services.AddSingleton<Scenario, FrozenLeader>();
        services.AddSingleton<ScenarioRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<ScenarioRunner>());
    }

    public static void MapScenarios(this IEndpointRouteBuilder endpoints)
    {
        if (!endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
            return;
        var scenarios = endpoints.MapGroup("/api/scenarios").RefuseForeignPages();
        scenarios.MapGet("", List);
        scenarios.MapPost("/{name}/runs", Start).OnlyForActors();
        scenarios.MapGet("/runs/{id}/log", LogAsync);
    }

    private static IResult List(ScenarioRunner runner) => Results.Json(
        runner.Scenarios.Select(scenario => new { scenario.Name, scenario.Title, scenario.Description, scenario.Strategies, scenario.NeedsOperator }),
        JsonSerializerOptions.Web);

    private static IResult Start(string name, ScenarioRunner runner, string? strategy = null, string? election = null)
    {
        if (runner.Scenarios.FirstOrDefault(one => one.Name == name) is not { } scenario)
            return ErrorBody.WithStatus(StatusCodes.Status404NotFound, $"there is no such scenario; there are {string.Join(", ", runner.Scenarios.Select(one => one.Name))}");
        if (!ElectionNames.IsValid(strategy) || !ElectionNames.IsValid(election))
            return ErrorBody.BadRequest("strategy, election: on which election, as ?strategy=file&election=jobs");
        var (run, problem) = runner.Start(scenario, new ElectionKey(election!, strategy!));
        return run is null
            ? ErrorBody.WithStatus(problem!.Status, problem.Error)
            : Results.Json(new { run.Id }, JsonSerializerOptions.Web, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>The log as text, each line as it comes; its end is the run's.</summary>
    private static async Task LogAsync(string id, HttpContext context, ScenarioRunner runner)
    {
        if (runner.Find(id) is not { } run)
        {
            await ErrorBody.WithStatus(StatusCodes.Status404NotFound, "no such run is known any more").ExecuteAsync(context);
            return;
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await context.Response.StartAsync(context.RequestAborted);
            await foreach (var line in run.LinesAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync($"{line}\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader has gone; the run goes on.
        }
    }
}
