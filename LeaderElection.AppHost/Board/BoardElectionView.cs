using System.Text.Json;

namespace LeaderElection.AppHost.Board;

/// <summary>An election in the board's list, as far as it matters here.</summary>
internal sealed record BoardElectionView(string Name, string Strategy, BoardElectionView.LeaderView? Leader, IReadOnlyList<BoardElectionView.CandidateView>? Candidates)
{
    /// <exception cref="ElectionStoreException">It is no such list.</exception>
    public static IReadOnlyList<BoardElectionView> ParseList(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<BoardElectionView[]>(json, JsonSerializerOptions.Web) ?? [];
        }
        catch (JsonException e)
        {
            throw new ElectionStoreException($"the board does not tell the elections: {OneLine.Of(e.Message)}", isTransient: true, e);
        }
    }

    internal sealed record LeaderView(string Candidate, long FencingToken, DateTimeOffset? Since);

    internal sealed record CandidateView(string Candidate, string Role);
}
