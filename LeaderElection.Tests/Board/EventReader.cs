using System.Net.ServerSentEvents;
using System.Text.Json;

namespace LeaderElection.Tests.Board;

/// <summary>An open event stream of the board.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private readonly Stream _body;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventReader(Stream body)
    {
        _body = body;
        _events = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();
    }

    public static async Task<EventReader> OpenAsync(BoardHost board, string query = "") =>
        new(await board.Client.GetStreamAsync("/api/elections/stream" + query));

    /// <summary>The next event; <see langword="null"/> when the board has ended the stream.</summary>
    public async Task<(string Type, JsonElement Data)?> NextAsync() =>
        await _events.MoveNextAsync().AsTask().WaitAsync(Wait.Limit, TimeProvider.System)
            ? (_events.Current.EventType, JsonSerializer.Deserialize<JsonElement>(_events.Current.Data))
            : null;

    /// <summary>Reads on to the first list of elections that is as wanted.</summary>
    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> wanted)
    {
        while (true)
        {
            var (type, data) = await NextAsync() ?? throw new EndOfStreamException();
            if (type == "elections" && wanted(data))
                return data;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        await _events.DisposeAsync();
    }
}
