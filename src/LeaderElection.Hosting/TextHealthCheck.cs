using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>
/// Asks a server over a plain connection whether it serves, so that no client library is needed here. Whatever else
/// than the expected answer it gives, such as that it has no quorum, is the reason why it is not healthy.
/// </summary>
/// <param name="endpoint">Where the server listens.</param>
/// <param name="question">What it is sent.</param>
/// <param name="answer">What the first line of its answer begins with when it serves.</param>
/// <param name="timeProvider">The clock of its patience.</param>
internal sealed class TextHealthCheck(EndpointReference endpoint, string question, string answer, TimeProvider timeProvider) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private string Name => question.TrimEnd();

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(Patience, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", endpoint.Port, either.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(question), either.Token).ConfigureAwait(false);

            using var reader = new StreamReader(stream, Encoding.ASCII);
            var reply = await reader.ReadLineAsync(either.Token).ConfigureAwait(false);
            return reply?.StartsWith(answer, StringComparison.Ordinal) == true
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"{Name} was answered by: {reply ?? "the end of the connection"}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"{Name} was not answered within {Patience.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
