using System.Globalization;
using System.Net;
using System.Text.Json;
using LeaderElection.Worker.Settings;

namespace LeaderElection.Worker.Ledger;

/// <summary>Writes to the board's ledger, under the fencing token of the leadership.</summary>
/// <remarks>
/// Not through the resilient client of the service defaults: that would send again, later, what the leader was allowed
/// to write a moment ago.
/// </remarks>
internal sealed class LedgerClient(WorkerOptions options) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
    {
        BaseAddress = options.Board,
        Timeout = Patience,
    };

    private long _accepted;
    private long _refused;

    /// <summary>Whether there is a ledger to write to.</summary>
    public bool IsConfigured => options.Board is not null;

    public long Accepted => Interlocked.Read(ref _accepted);

    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Appends an entry.</summary>
    /// <returns><see langword="null"/> when it was accepted; when it was refused, the highest token that the ledger has seen.</returns>
    /// <exception cref="HttpRequestException">The board cannot be reached, or fails.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The connection was reset in the moment in which it was made.</exception>
    /// <exception cref="OperationCanceledException">It does not answer in time, or the call was cancelled.</exception>
    public async Task<long?> AppendAsync(Leadership leadership, string text, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/ledger/{leadership.ElectionName}") { Content = new StringContent(text) };
        request.Headers.Add("Fencing-Token", leadership.FencingToken.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Candidate", leadership.CandidateId);
        using var response = await _http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            Interlocked.Increment(ref _refused);
            return await HighestAsync(response, cancellationToken);
        }
        if (response.StatusCode != HttpStatusCode.Created)
            throw new HttpRequestException($"it answered {(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
        Interlocked.Increment(ref _accepted);
        return null;
    }

    public void Dispose() => _http.Dispose();

    private static async Task<long> HighestAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await response.Content.ReadFromJsonAsync<RefusalBody>(cancellationToken);
            return body?.Highest ?? 0;
        }
        catch (JsonException)
        {
            // Refused is refused, whatever it says besides.
            return 0;
        }
    }

    private sealed record RefusalBody(long Highest);
}
