using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace LeaderElection.Tests.Board;

/// <summary>The operator's side of the board's requests; what is to be done, the test does.</summary>
internal sealed class OperatorStub : IAsyncDisposable
{
    public const string Key = "the-operators-key";

    private readonly HttpClient _http;
    private readonly Stream _stream;
    private readonly Task _reading;

    private OperatorStub(HttpClient http, Stream stream, Func<string, string, Task<string?>> operate)
    {
        _http = http;
        _stream = stream;
        _reading = ReadAsync(operate);
    }

    /// <param name="operate">Does a command to a resource, and says what went wrong.</param>
    public static async Task<OperatorStub> ConnectAsync(BoardHost board, Func<string, string, Task<string?>> operate)
    {
        var http = new HttpClient { BaseAddress = board.Client.BaseAddress, DefaultRequestHeaders = { { "Operator-Key", Key } } };
        return new OperatorStub(http, await http.GetStreamAsync("/api/operator/stream"), operate);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _reading;
        _http.Dispose();
    }

    private async Task ReadAsync(Func<string, string, Task<string?>> operate)
    {
        try
        {
            await foreach (var item in SseParser.Create(_stream).EnumerateAsync())
            {
                Assert.Equal("operation", item.EventType);
                var operation = JsonSerializer.Deserialize<JsonElement>(item.Data);
                var error = await operate(operation.GetProperty("command").GetString()!, operation.GetProperty("resource").GetString()!);
                // That nobody waits for it any more is no fault of the operator's.
                (await _http.PostAsJsonAsync($"/api/operator/operations/{operation.GetProperty("id").GetInt64()}", new { error })).Dispose();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or HttpRequestException)
        {
            // The test or the board has ended it.
        }
    }
}
