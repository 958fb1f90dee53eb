using System.Numerics;

namespace LeaderElection.Raft;

/// <summary>
/// Asks for votes; first whether it would get them, because whoever asks in earnest ends the leader's term
/// (Ongaro 2014, 9.6: pre-vote).
/// </summary>
/// <param name="election">The election.</param>
/// <param name="attempt">Counts the pre-votes in a row; 0 when it asks in earnest.</param>
/// <param name="releasedTerm">The term whose leader handed over to this member; 0 for none.</param>
/// <param name="isNamed">Whether just this member was asked for.</param>
internal sealed class Candidate(ElectionState election, int attempt, long releasedTerm = 0, bool isNamed = false) : Role(election)
{
    private ulong _granted;
    private ulong _refused;

    private bool IsPreVote => attempt > 0;

    private bool HasMajority => BitOperations.PopCount(_granted) >= Member.Configuration.List.Majority;

    public override long PromisedUntil => Election.Promise.Until;

    public override void Enter()
    {
        foreach (var peer in Member.Peers)
            Ask(peer);
        if (IsPreVote)
        {
            _granted = 1UL << Member.Configuration.SelfIndex;
            // The first refusals often mean that a voter finds out a moment later that its leader is dead, or heard it a
            // moment later than this member did.
            var heartbeat = Member.Timings.HeartbeatInterval;
            Election.DueIn(attempt switch
            {
                1 => (heartbeat / 4) + Member.Random(heartbeat / 4),
                2 => heartbeat + Member.Random(heartbeat),
                _ => Member.RandomTimeout(),
            });
            return;
        }
        // The others may be asked while the own vote is being written; it is the count that waits for it.
        var term = Election.Term;
        Election.WhenSaved(() =>
        {
            if (Election.Role == this && Election.Term == term)
                Granted(Member.Configuration.SelfIndex);
        });
        Election.DueIn(Member.RandomTimeout());
    }

    public override void OnDue() => Election.BeginPreVote(attempt + 1);

    public override void OnPeerUp(Peer peer) => Ask(peer);

    public override void OnPreVoteReply(Peer peer, Message.PreVoteReply reply)
    {
        if (!IsPreVote || reply.Term != Election.Term + 1)
            return;
        if (reply.Granted)
            Granted(peer.Index);
        else
            CatchUp(reply.VoterTerm);
    }

    public override void OnVoteReply(Peer peer, Message.VoteReply reply)
    {
        if (IsPreVote || reply.Term != Election.Term)
            return;
        if (reply.Granted)
            Granted(peer.Index);
        else if (reply.VoterTerm > Election.Term)
            CatchUp(reply.VoterTerm);
        else
            Refused(peer.Index);
    }

    private void Ask(Peer peer)
    {
        if (!peer.IsUp)
            return;
        Member.Send(peer, IsPreVote
            ? new Message.PreVote(Election.Name, Election.Term + 1)
            : new Message.Vote(Election.Name, Election.Term, releasedTerm));
    }

    private void Granted(int index)
    {
        _granted |= 1UL << index;
        // Without the own vote on the disk nobody leads: after a restart the same term could be won again.
        if (!HasMajority || (_granted & (1UL << Member.Configuration.SelfIndex)) == 0)
            return;
        if (IsPreVote)
            Election.BeginVote(releasedTerm: 0);
        else
            Election.Become(new Leader(Election, isNamed));
    }

    /// <summary>
    /// The votes were split: unless another is heard to have won, those who stand go again at once, this time one after
    /// the other.
    /// </summary>
    private void Refused(int index)
    {
        _refused |= 1UL << index;
        var left = 1 + Member.Peers.Count(p => p.IsUp && (_refused & (1UL << p.Index)) == 0);
        if (left < Member.Configuration.List.Majority)
            Election.StandSoon(Member.Timings.HeartbeatInterval / 10);
    }

    private void CatchUp(long term)
    {
        if (term <= Election.Term)
            return;
        Election.Enter(term, votedFor: null);
        Election.Become(new Follower(Election));
        Election.DueIn(Member.Timings.HeartbeatInterval + Member.Random(Member.Timings.HeartbeatInterval));
    }
}
