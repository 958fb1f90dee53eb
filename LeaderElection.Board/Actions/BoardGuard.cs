using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace LeaderElection.Board.Actions;

/// <summary>
/// Who may change anything: in Development alone, and only the board's own page, by a token that pages from elsewhere
/// cannot read, or the operator by its key.
/// </summary>
internal sealed class BoardGuard(IHostEnvironment environment, IOptions<BoardOptions> options)
{
    public const string TokenHeader = "Board-Token";
    public const string KeyHeader = "Operator-Key";

    /// <summary>The page's token; another one after each start.</summary>
    public string Token { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Why the request may not act; <see langword="null"/> if it may.</summary>
    public IResult? RefuseAction(HttpRequest request)
    {
        if (!environment.IsDevelopment())
            return Results.NotFound();
        if (IsForeign(request))
            return Foreign();
        return Matches(request, TokenHeader, Token) || Matches(request, KeyHeader, options.Value.OperatorKey)
            ? null
            : ErrorBody.WithStatus(StatusCodes.Status403Forbidden, $"this needs the header {TokenHeader} or {KeyHeader}");
    }

    /// <summary>Why the request is not the operator's; <see langword="null"/> if it is.</summary>
    public IResult? RefuseOperator(HttpRequest request)
    {
        if (!environment.IsDevelopment() || string.IsNullOrEmpty(options.Value.OperatorKey))
            return Results.NotFound();
        if (IsForeign(request))
            return Foreign();
        return Matches(request, KeyHeader, options.Value.OperatorKey)
            ? null
            : ErrorBody.WithStatus(StatusCodes.Status403Forbidden, $"the header {KeyHeader} is missing or wrong");
    }

    /// <summary>Why the request may not read the token.</summary>
    public IResult? RefuseToken(HttpRequest request) =>
        !environment.IsDevelopment() ? Results.NotFound() : IsForeign(request) ? Foreign() : null;

    /// <summary>Whether a browser sends it for a page of another origin.</summary>
    public static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin.Any(origin => origin != $"{request.Scheme}://{request.Host}")
        || request.Headers["Sec-Fetch-Site"].Any(site => site is not ("same-origin" or "none"));

    public static IResult Foreign() => ErrorBody.WithStatus(StatusCodes.Status403Forbidden, "web pages from elsewhere may not do this");

    private static bool Matches(HttpRequest request, string header, string? secret) =>
        !string.IsNullOrEmpty(secret)
        && request.Headers[header] is [{ } given]
        && CryptographicOperations.FixedTimeEquals(Hash(given), Hash(secret));

    // Of equal length whatever is given, so that the comparison takes the same time for all.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
