using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>
/// Observes an election that has no store: its candidates are asked, over HTTP, who leads. The leader is asked again and
/// again; the others only when it does not lead any more.
/// </summary>
internal sealed class MembersBackend(ElectionResource election, ResourceNotificationService notifications, TimeProvider time) : IElectionBackend
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new() { Timeout = RequestLimit };

    public string Strategy => election.Strategy!;

    public IElection CreateElection(string name, string candidateId) => new Seat(this, name, candidateId);

    public ValueTask PingAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isFirst = true;
        (Uri Address, LeaderInfo Leader)? last = null;
        while (true)
        {
            var leader = last is { } same && await AskAsync(same.Address, cancellationToken).ConfigureAwait(false) is { } still
                ? (same.Address, still)
                : await FindAsync(cancellationToken).ConfigureAwait(false);
            if (isFirst || leader?.Leader != last?.Leader)
                yield return leader?.Leader;
            (isFirst, last) = (false, leader);
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(Uri Address, LeaderInfo Leader)?> FindAsync(CancellationToken cancellationToken)
    {
        var addresses = election.RunningReplicas(notifications).Select(replica => election.OwnAddress(notifications, replica)).OfType<Uri>();
        var answers = await Task.WhenAll(addresses.Select(async address => (Address: address, Leader: await AskAsync(address, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        // A leader that was cut off goes on for a moment beside its successor, whose token is higher.
        return answers.Where(answer => answer.Leader is not null).OrderByDescending(answer => answer.Leader!.FencingToken)
            .Select(answer => ((Uri, LeaderInfo)?)(answer.Address, answer.Leader!)).FirstOrDefault();
    }

    /// <returns>The leader, if it is the one that was asked.</returns>
    private async Task<LeaderInfo?> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _http.GetFromJsonAsync<Answer>(new Uri(address, "/election"), cancellationToken).ConfigureAwait(false);
            return answer is { Role: "leader", FencingToken: { } token, Candidate: { } candidate } ? new LeaderInfo(candidate, token, answer.Since ?? default) : null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or SocketException or IOException or JsonException or OperationCanceledException)
        {
            // It has ended, hangs, or has not started: whoever it is, it does not say that it leads.
            return null;
        }
    }

    private sealed record Answer(string? Role, string? Candidate, long? FencingToken, DateTimeOffset? Since);

    private sealed class Seat(MembersBackend backend, string name, string candidateId) : IElection
    {
        public string Name => name;

        public string CandidateId => candidateId;

        public ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("The members tell who leads; nobody else can campaign.");

        public IAsyncEnumerable<LeaderInfo?> ObserveAsync(CancellationToken cancellationToken = default) => backend.ObserveAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
