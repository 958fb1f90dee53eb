namespace LeaderElection;

/// <summary>
/// Gives each request of an <see cref="HttpClient"/> the fencing token of the leader that sends it, in the header
/// <see cref="FencingHeader.Name"/>, and sends none for one that does not lead. The resource at the other end has to
/// check it, for example with <c>RequireFencingToken</c> of the package LeaderElection.AspNetCore: a leader may be
/// deposed while its request is on the way.
/// </summary>
/// <remarks>
/// Within <see cref="Leadership.RunAsync"/> and <see cref="Hosting.LeaderService"/> the leadership is known by itself, so
/// that one handler serves all elections: <c>services.AddHttpClient("orders").AddHttpMessageHandler(() =&gt; new FencingTokenHandler())</c>.
/// A request is cancelled when the leadership is lost.
/// </remarks>
public sealed class FencingTokenHandler : DelegatingHandler
{
    private readonly Func<Leadership?> _leadership;

    /// <summary>Takes the leadership of the code that sends the request: <see cref="Leadership.Current"/>.</summary>
    public FencingTokenHandler()
        : this(static () => Leadership.Current)
    {
    }

    /// <summary>Takes the leadership from elsewhere.</summary>
    /// <param name="leadership">Asked before each request.</param>
    public FencingTokenHandler(Func<Leadership?> leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        _leadership = leadership;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Nobody leads where the request is sent: nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">The leadership was lost before the answer came.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var leadership = _leadership() ?? throw new InvalidOperationException(
            $"{request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)} needs a leader: send it from within {nameof(Leadership)}.{nameof(Leadership.RunAsync)} or a {nameof(Hosting.LeaderService)}.");
        // A clock is read here: after a long pause of the process no timer may have fired yet.
        if (!leadership.IsValid)
            throw new OperationCanceledException($"{leadership.CandidateId} does not lead '{leadership.ElectionName}' any more.", leadership.Lost);
        request.Headers.Remove(FencingHeader.Name);
        request.Headers.Add(FencingHeader.Name, FencingHeader.Format(leadership.FencingToken));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leadership.Lost);
        return await base.SendAsync(request, either.Token).ConfigureAwait(false);
    }
}
