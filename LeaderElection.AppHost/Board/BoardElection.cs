using System.Runtime.CompilerServices;

namespace LeaderElection.AppHost.Board;

/// <summary>An election as the board tells it.</summary>
internal sealed class BoardElection(BoardClient board, string strategy, string name, string candidateId) : IElection
{
    public string Name => name;

    public string CandidateId => candidateId;

    public ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The board tells who leads; nobody can campaign there.");

    /// <exception cref="ElectionStoreException">The board is out of reach, or has ended its stream.</exception>
    public async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var isFirst = true;
        LeaderInfo? last = null;
        await foreach (var e in board.EventsAsync("/api/elections/stream", cancellationToken: cancellationToken))
        {
            if (e.EventType != "elections")
                continue;
            var election = BoardElectionView.ParseList(e.Data).FirstOrDefault(one => one.Name == name && one.Strategy == strategy);
            var leader = election?.Leader is { } view ? new LeaderInfo(view.Candidate, view.FencingToken, view.Since ?? default) : null;
            if (isFirst || leader != last)
                yield return leader;
            (isFirst, last) = (false, leader);
        }
        throw new ElectionStoreException("the board has gone: its stream has ended", isTransient: true);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
