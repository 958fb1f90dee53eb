using LeaderElection.AppHost.Board;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

internal static class BoardExtensions
{
    /// <summary>Gives a project the environment that the AppHost has, such as Development, and a calm telemetry.</summary>
    public static IResourceBuilder<ProjectResource> WithSameEnvironment(this IResourceBuilder<ProjectResource> project)
    {
        project.WithEnvironment("ASPNETCORE_ENVIRONMENT", project.ApplicationBuilder.Environment.EnvironmentName);
        // Aspire asks for metrics each second while it runs: from each of so many replicas, most of what they do at all.
        return project.ApplicationBuilder.ExecutionContext.IsRunMode ? project.WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", "5000") : project;
    }

    /// <summary>Says where the board keeps what it knows. Where the application is published, it is below its own working directory.</summary>
    public static IResourceBuilder<ProjectResource> WithDataDirectory(this IResourceBuilder<ProjectResource> board, string folder) =>
        board.ApplicationBuilder.ExecutionContext.IsRunMode ? board.WithEnvironment("Board__DataDirectory", folder) : board;

    /// <summary>Lets the AppHost read the board and, in Development, start and stop replicas for it.</summary>
    public static IResourceBuilder<ProjectResource> WithOperator(this IResourceBuilder<ProjectResource> board)
    {
        var builder = board.ApplicationBuilder;
        if (!builder.ExecutionContext.IsRunMode)
            return board;

        // Got anew each time: a reference that was asked too early goes on saying that it has no address.
        var access = new BoardAccess(() => board.GetEndpoint("http") is { IsAllocated: true } endpoint ? new Uri(endpoint.Url) : null, isOperator: builder.Environment.IsDevelopment());
        builder.Services.AddSingleton(access);
        if (access.OperatorKey is not { } key)
            return board;

        builder.Services.AddEarlyHostedService<BoardOperator>();
        return board.WithEnvironment("Board__OperatorKey", builder.CreateResourceBuilder(new ParameterResource("board-operator-key", _ => key, secret: true)));
    }
}
