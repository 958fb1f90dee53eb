using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Aspire.Hosting.StandIn.Dashboard;

/// A server for HTTP/2 without TLS, on loopback only.
internal sealed class GrpcServer : IAsyncDisposable
{
    private const int MaximumConnections = 100;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly WebApplication _server;

    private GrpcServer(WebApplication server) => _server = server;

    public static async Task<GrpcServer> StartAsync(int port, RequestDelegate handler, CancellationToken cancellationToken)
    {
        // An empty builder: the environment of the AppHost is not for this server.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;

            // Streams stay open and silent for as long as a page is.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2);
        });

        var server = builder.Build();
        server.Run(handler);
        await server.StartAsync(cancellationToken);
        return new(server);
    }

    public async ValueTask DisposeAsync()
    {
        using var late = new CancellationTokenSource(Farewell, TimeProvider.System);
        await _server.StopAsync(late.Token);
        await _server.DisposeAsync();
    }
}
