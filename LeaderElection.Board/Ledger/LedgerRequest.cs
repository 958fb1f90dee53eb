using System.Globalization;
using System.Text;

namespace LeaderElection.Board.Ledger;

/// <summary>Reads a write from an HTTP request, and says in one line what is wrong with it.</summary>
internal static class LedgerRequest
{
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async Task<(LedgerWrite? Write, IResult? Refusal)> ReadAsync(string election, HttpRequest request)
    {
        if (!ElectionNames.IsValid(election))
            return Bad($"the election's name: 1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -");
        var tokens = request.Headers["Fencing-Token"];
        if (tokens.Count == 0)
            return Bad("the header Fencing-Token is missing");
        if (tokens.Count > 1 || !long.TryParse(tokens[0], NumberStyles.None, CultureInfo.InvariantCulture, out var token))
            return Bad($"the header Fencing-Token is one whole number, 0 to {long.MaxValue}");
        var epochs = request.Headers["Fencing-Epoch"];
        var epoch = 0L;
        if (epochs.Count > 1 || (epochs.Count == 1 && !long.TryParse(epochs[0], NumberStyles.None, CultureInfo.InvariantCulture, out epoch)))
            return Bad($"the header Fencing-Epoch is one whole number, 0 to {long.MaxValue}");
        var candidates = request.Headers["Candidate"];
        if (candidates.Count > 1 || (candidates.Count == 1 && !ElectionNames.IsValid(candidates[0])))
            return Bad($"the header Candidate: 1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -");

        ReadOnlyMemory<byte>? read;
        try
        {
            read = await ReadBodyAsync(request);
        }
        catch (BadHttpRequestException e)
        {
            // It came too slowly, or broken: the server has given it up.
            return (null, ErrorBody.WithStatus(e.StatusCode, OneLine.Of(e.Message, 200)));
        }
        if (read is not { } body)
            return (null, ErrorBody.WithStatus(StatusCodes.Status413PayloadTooLarge, $"an entry has at most {MaxBodyBytes} bytes"));
        if (body.Length == 0)
            return Bad("the body is empty; it is the entry");
        try
        {
            return (new LedgerWrite(election, epoch, token, candidates.Count == 1 ? candidates[0] : null, StrictUtf8.GetString(body.Span)), null);
        }
        catch (DecoderFallbackException)
        {
            return Bad("the body is not UTF-8 text");
        }

        static (LedgerWrite?, IResult?) Bad(string problem) => (null, ErrorBody.BadRequest(problem));
    }

    /// <summary>The body, or <see langword="null"/> if it is too long.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request)
    {
        if (request.ContentLength > MaxBodyBytes)
            return null;
        var buffer = new byte[request.ContentLength ?? MaxBodyBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length > MaxBodyBytes)
            return null;
        return buffer.AsMemory(0, length);
    }
}
