using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;

namespace LeaderElection.Board.Ledger;

/// <summary>Tells those who follow an election what became of a write to its ledger.</summary>
internal sealed class LedgerNews(ChangeFeed feed, CandidateRoster roster)
{
    public void Tell(LedgerWrite write, LedgerDecision decision)
    {
        feed.LedgerChanged(write.Election);
        if (decision.Sequence is null)
            roster.Refused(write.Election, write.Candidate, write.FencingToken, decision.Highest);
    }
}
