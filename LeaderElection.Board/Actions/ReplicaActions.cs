using System.Net;
using System.Net.Sockets;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Actions;

/// <summary>Asks candidates, at the address that they report, or the operator to do something.</summary>
/// <remarks>
/// Not through the resilient client of the service defaults: what crashes a process once must not be sent again. And
/// only to this machine: what a candidate reports must not make the board call strangers.
/// </remarks>
internal sealed class ReplicaActions(CandidateRoster roster, Operator operators) : IDisposable
{
    private const int MaxReason = 300;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectCallback = ConnectToLoopbackAsync,
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = 64 * 1024,
    };

    /// <summary>Has it done.</summary>
    /// <returns>Why not, with the status to answer; <see langword="null"/> if it was.</returns>
    public async Task<ActionProblem?> RunAsync(ElectionKey election, string candidate, ReplicaAction action, CancellationToken cancellationToken)
    {
        if (roster.Find(election)?.Candidate(candidate) is not { } seat)
            return new ActionProblem(StatusCodes.Status404NotFound, $"the board knows no candidate {candidate} in {election.Name} ({election.Strategy})");
        if (ReplicaAction.OfOperator.Contains(action.Name))
        {
            var error = await operators.RunAsync(action.Name, candidate, cancellationToken);
            return error is null ? null : new ActionProblem(operators.IsConnected ? StatusCodes.Status502BadGateway : StatusCodes.Status409Conflict, error);
        }
        if (seat.Role == CandidateView.Gone)
            return new ActionProblem(StatusCodes.Status409Conflict, $"{candidate} is gone");
        if (seat.Actions is { } offered && !offered.Contains(action.Name))
            return new ActionProblem(StatusCodes.Status409Conflict, $"{candidate} does not offer {action.Name}");
        if (seat.Url is null || !Uri.TryCreate(seat.Url, UriKind.Absolute, out var url))
            return new ActionProblem(StatusCodes.Status409Conflict, $"{candidate} has not said where it can be reached");
        if (!url.IsLoopback)
            return new ActionProblem(StatusCodes.Status409Conflict, $"{candidate} is at {url.Host}; the board asks only candidates on this machine (a loopback address)");
        return await PostAsync(candidate, url, action, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<ActionProblem?> PostAsync(string candidate, Uri url, ReplicaAction action, CancellationToken cancellationToken)
    {
        try
        {
            // A request with a body, be it empty, is not sent again by the handler when the connection ends under it.
            using var nothing = new ByteArrayContent([]);
            using var response = await _http.PostAsync(new Uri(url, action.PathAndQuery()), nothing, cancellationToken);
            if (response.IsSuccessStatusCode)
                return null;
            var reason = OneLine.Of(await response.Content.ReadAsStringAsync(cancellationToken), MaxReason);
            var status = response.StatusCode is HttpStatusCode.NotFound ? StatusCodes.Status501NotImplemented
                : response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.BadRequest ? (int)response.StatusCode
                : StatusCodes.Status502BadGateway;
            return new ActionProblem(status, reason.Length > 0 && response.StatusCode != HttpStatusCode.NotFound
                ? $"{candidate}: {reason}"
                : $"{candidate} answered {action.Name} with {(int)response.StatusCode} {response.ReasonPhrase}");
        }
        catch (HttpRequestException e) when (action.Name == ReplicaAction.Crash && e.InnerException is not SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            // It died before it could answer: that is what it was asked for.
            return null;
        }
        catch (HttpRequestException e)
        {
            return new ActionProblem(StatusCodes.Status502BadGateway, $"{candidate} cannot be reached at {url.GetLeftPart(UriPartial.Authority)}: {OneLine.Of(e.InnerException?.Message ?? e.Message, MaxReason)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ActionProblem(StatusCodes.Status504GatewayTimeout, $"{candidate} did not answer within {_http.Timeout.TotalSeconds} s");
        }
    }

    /// <summary>Also a name that is said to be this machine's must lead to it.</summary>
    private static async ValueTask<Stream> ConnectToLoopbackAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var loopback = addresses.Where(IPAddress.IsLoopback).ToArray();
        if (loopback.Length == 0)
            throw new HttpRequestException($"{context.DnsEndPoint.Host} is not on this machine");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(loopback, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
