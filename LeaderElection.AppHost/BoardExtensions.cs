using LeaderElection.AppHost.Board;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

internal static class BoardExtensions
{
    /// <summary>Lets the AppHost read the board and, in Development, start and stop replicas for it.</summary>
    public static BoardAccess WithAccess(this IResourceBuilder<ProjectResource> board)
    {
        var builder = board.ApplicationBuilder;
        var endpoint = board.GetEndpoint("http");
        var access = new BoardAccess(() => endpoint.IsAllocated ? new Uri(endpoint.Url) : null, isOperator: builder.Environment.IsDevelopment());
        builder.Services.AddSingleton(access);
        if (access.OperatorKey is not { } key)
            return access;

        board.WithEnvironment("Board__OperatorKey", builder.CreateResourceBuilder(new ParameterResource("board-operator-key", _ => key, secret: true)));
        builder.Services.AddSingleton<BoardOperator>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BoardOperator>());
        return access;
    }
}
