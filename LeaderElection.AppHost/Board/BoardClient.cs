using System.Net;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace LeaderElection.AppHost.Board;

/// <summary>The board's API. Whatever goes wrong is an <see cref="ElectionStoreException"/> of one line.</summary>
internal sealed class BoardClient : IDisposable
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(15);

    // Streams last; for requests there is a limit of our own.
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Uri _board;
    private readonly TimeProvider _time;

    /// <param name="board">Its address.</param>
    /// <param name="operatorKey">By which it knows its operator, if this is for one.</param>
    /// <param name="time">The clock of its patience.</param>
    public BoardClient(Uri board, string? operatorKey, TimeProvider time)
    {
        (_board, _time) = (board, time);
        if (operatorKey is not null)
            _http.DefaultRequestHeaders.Add("Operator-Key", operatorKey);
    }

    /// <summary>Reads server-sent events until the board ends them.</summary>
    /// <param name="path">Of the stream.</param>
    /// <param name="opened">Called when the board has accepted.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    public async IAsyncEnumerable<SseItem<string>> EventsAsync(
        string path, Action? opened = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var response = await OpenAsync(path, cancellationToken);
        opened?.Invoke();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var events = SseParser.Create(body).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await TryAsync(async _ => await events.MoveNextAsync(), Timeout.InfiniteTimeSpan, cancellationToken))
            yield return events.Current;
    }

    /// <summary>Reads the lines of a text as they come.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var response = await OpenAsync(path, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await TryAsync(async stop => await reader.ReadLineAsync(stop), Timeout.InfiniteTimeSpan, cancellationToken) is { } line)
            yield return line;
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        await SendAsync(new(HttpMethod.Get, new Uri(_board, path)), cancellationToken);

    public async Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellationToken) =>
        await SendAsync(
            new(HttpMethod.Post, new Uri(_board, path)) { Content = new StringContent(body is null ? "" : JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") },
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) => TryAsync(
        async stop =>
        {
            var response = await _http.GetAsync(new Uri(_board, path), HttpCompletionOption.ResponseHeadersRead, stop);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
                throw Refusal(response, await response.Content.ReadAsStringAsync(stop));
        },
        RequestLimit,
        cancellationToken);

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            return await TryAsync(
                async stop =>
                {
                    using var response = await _http.SendAsync(request, stop);
                    var body = await response.Content.ReadAsStringAsync(stop);
                    if (!response.IsSuccessStatusCode)
                        throw Refusal(response, body);
                    return body.Length > 0 ? JsonElement.Parse(body) : default;
                },
                RequestLimit,
                cancellationToken);
        }
    }

    private ElectionStoreException Refusal(HttpResponseMessage response, string body)
    {
        string? reason = null;
        try
        {
            if (JsonElement.Parse(body) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("error", out var error))
                reason = error.ToString();
        }
        catch (JsonException)
        {
        }
        return new ElectionStoreException(
            $"the board at {_board} answers {(int)response.StatusCode}: {OneLine.Of(reason ?? response.ReasonPhrase)}",
            isTransient: response.StatusCode >= HttpStatusCode.InternalServerError);
    }

    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            return await request(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ElectionStoreException($"the board at {_board} gives no answer", isTransient: true, e);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or JsonException)
        {
            throw new ElectionStoreException($"the board at {_board} is out of reach: {OneLine.Of(e.Message)}", isTransient: true, e);
        }
    }
}
