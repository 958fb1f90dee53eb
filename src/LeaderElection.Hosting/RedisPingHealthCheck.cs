using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>Says PING to a Redis server over a plain connection, so that no client library is needed here.</summary>
internal sealed class RedisPingHealthCheck(EndpointReference endpoint, TimeProvider timeProvider) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(Patience, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", endpoint.Port, either.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), either.Token).ConfigureAwait(false);

            // +PONG, or -LOADING while it reads its data back.
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var reply = await reader.ReadLineAsync(either.Token).ConfigureAwait(false);
            return reply == "+PONG" ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"PING was answered by: {reply ?? "the end of the connection"}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"PING was not answered within {Patience.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
