using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using LeaderElection.Playground.Faults;
using LeaderElection.ServiceDefaults;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace LeaderElection.Playground;

/// <summary>The board's ledger: a resource that leaders write to under their fencing tokens, and that refuses one who was deposed.</summary>
/// <remarks>
/// Not through the resilient client of the service defaults: that would send again, later, what the leader was allowed
/// to write a moment ago. Where no board is configured, entries go nowhere.
/// </remarks>
public sealed partial class Ledger : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly ActivitySource Source = new("LeaderElection.Playground");

    private readonly HttpClient _http;
    private readonly long? _epoch;
    private readonly FaultInjection _faults;
    private readonly ILogger<Ledger> _logger;
    private long _accepted;
    private long _refused;
    private bool _isInTrouble;
    private Leadership? _traced;

    internal Ledger(PlaygroundSettings settings, FaultInjection faults, ILogger<Ledger> logger)
    {
        (_faults, _logger, _epoch, Interval) = (faults, logger, settings.LedgerEpoch, settings.WorkInterval);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            BaseAddress = settings.Board,
            Timeout = Patience,
        };
    }

    /// <summary>How long the demonstration waits between two entries.</summary>
    public TimeSpan Interval { get; }

    internal long Accepted => Interlocked.Read(ref _accepted);

    internal long Refused => Interlocked.Read(ref _refused);

    /// <summary>Appends an entry to the ledger of the leader's election.</summary>
    /// <param name="leadership">Whose it is; its fencing token goes with the entry.</param>
    /// <param name="entry">The entry's text.</param>
    /// <param name="lost">Ends it before.</param>
    /// <exception cref="OperationCanceledException">The leadership was lost before the answer came.</exception>
    public async Task<LedgerAnswer> AppendAsync(Leadership leadership, string entry, CancellationToken lost)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        ArgumentNullException.ThrowIfNull(entry);
        await _faults.WaitWhileFrozenAsync(lost);
        // As late as can be: the process may have been frozen a moment ago.
        if (!leadership.IsValid)
            return LedgerAnswer.Refused;
        if (_http.BaseAddress is null)
        {
            LogDone(_logger, entry);
            return LedgerAnswer.Written;
        }

        // The first write of a term, one that is refused and the first that fails are the story of the elections; the others are not.
        using var quiet = _isInTrouble ? SuppressInstrumentationScope.Begin() : null;
        using var activity = Source.StartActivity("ledger entry");
        if (_traced == leadership)
            activity.SetRoutine();
        activity?.SetTag("election.name", leadership.ElectionName);
        activity?.SetTag("election.fencing_token", leadership.FencingToken);
        activity?.SetTag("election.candidate", leadership.CandidateId);
        try
        {
            if (await SendAsync(leadership, entry, lost) is { } highest)
            {
                Interlocked.Increment(ref _refused);
                activity?.SetTag("election.highest_fencing_token", highest);
                activity?.SetStatus(ActivityStatusCode.Error, $"fencing token {leadership.FencingToken} was refused: the ledger has seen {highest}");
                LogRefused(_logger, leadership.CandidateId, leadership.ElectionName, leadership.FencingToken, highest);
                _isInTrouble = false;
                return LedgerAnswer.Refused;
            }
            Interlocked.Increment(ref _accepted);
            if (activity is not null)
                _traced = leadership;
            if (_isInTrouble)
                LogBack(_logger, _http.BaseAddress);
            _isInTrouble = false;
            return LedgerAnswer.Written;
        }
        // The last is a connection that was reset in the moment in which it was made.
        catch (Exception e) when (e is HttpRequestException or SocketException || (e is OperationCanceledException && !lost.IsCancellationRequested))
        {
            var reason = e is OperationCanceledException ? "no answer in time" : e.Message;
            activity?.SetStatus(ActivityStatusCode.Error, reason);
            if (!_isInTrouble)
                LogTrouble(_logger, _http.BaseAddress, reason);
            _isInTrouble = true;
            return LedgerAnswer.Failed;
        }
        catch (OperationCanceledException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, "the leadership was lost before the answer came");
            throw;
        }
        finally
        {
            if (leadership.TraceContext is var term && term != default)
                activity?.AddLink(new ActivityLink(term));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <returns><see langword="null"/> when it was accepted; when it was refused, the highest token that the ledger has seen.</returns>
    private async Task<long?> SendAsync(Leadership leadership, string entry, CancellationToken lost)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/ledger/{leadership.ElectionName}") { Content = new StringContent(entry) };
        request.Headers.Add(FencingHeader.Name, FencingHeader.Format(leadership.FencingToken));
        if (_epoch is { } epoch)
            request.Headers.Add("Fencing-Epoch", epoch.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Candidate", leadership.CandidateId);
        using var response = await _http.SendAsync(request, lost);
        return response.StatusCode switch
        {
            HttpStatusCode.Created => null,
            HttpStatusCode.Conflict => await HighestAsync(response, lost),
            _ => throw new HttpRequestException($"it answered {(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode),
        };
    }

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

    [LoggerMessage(1, LogLevel.Debug, "work done: {Entry}")]
    private static partial void LogDone(ILogger logger, string entry);

    [LoggerMessage(2, LogLevel.Warning, "{Candidate} in {Election}: the ledger refused token {FencingToken}, it has seen {Highest}; the term ends")]
    private static partial void LogRefused(ILogger logger, string candidate, string election, long fencingToken, long highest);

    [LoggerMessage(3, LogLevel.Warning, "cannot write to the ledger at {Board}: {Reason}; goes on trying")]
    private static partial void LogTrouble(ILogger logger, Uri board, string reason);

    [LoggerMessage(4, LogLevel.Information, "the ledger at {Board} accepts entries again")]
    private static partial void LogBack(ILogger logger, Uri board);

    private sealed record RefusalBody(long Highest);
}
