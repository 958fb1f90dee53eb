using System.Security.Cryptography;
using System.Text;

namespace LeaderElection.Raft;

/// <summary>
/// How a member without memory gets in: one that begins, or one that has lost its folder. Until then it votes for nobody,
/// acknowledges nothing and does not stand, because it cannot know what it has promised.
/// </summary>
/// <remarks>
/// <para>It asks all other members, while it has links to all of them. Who is asked notes durably that the member has a
/// new state, hears it under no earlier one from then on, and only then tells the terms of its elections. With the
/// answers of all of them, the member takes over the highest term of each election, as if it had given its vote in that
/// away, and waits for one least timeout before it votes.</para>
/// <para><em>Why no vote counts twice.</em> A vote that the member gave and forgot was for a member that had entered the
/// term before it asked. That one tells this term, or a higher one; or it was restarted without having saved it, and then
/// never led in it. So the member is past all terms that it can have voted in. What it promised a leader, it promised
/// before it was started anew: the wait is longer. An acknowledgement for a term that is behind one that it forgot is
/// refused, as the leader of that one tells it, or is dead.</para>
/// <para><em>Why terms do not go back.</em> Whoever won a term had it on a majority of disks. If no more members than a
/// minority are without memory, one of the others tells it. If more are, nobody can know, and nobody is let in.</para>
/// <para><em>The beginning.</em> When all members are without memory, they found a cluster, whose id is the hash of the
/// states of all. A member that finds others already in the cluster of just these states is one of its founders and was
/// only slower. So a cluster begins once all of its members have seen each other.</para>
/// </remarks>
internal sealed class Admission(RaftMember member)
{
    private readonly Dictionary<Peer, Message.Memory> _memories = [];
    private long _askAt;
    private string _problem = "";

    /// <summary>What it waits for, for a person.</summary>
    public string Waits
    {
        get
        {
            var missing = member.Peers.Where(p => !p.IsUp).Select(p => p.Id).ToArray();
            return $"member {member.Configuration.Self} has no memory of its votes (its folder is new) and takes no part until it has links to all other members"
                + (missing is [] ? "" : $"; missing: {string.Join(", ", missing)}")
                + (_problem == "" ? "" : $"; {_problem}");
        }
    }

    /// <summary>When to look again.</summary>
    public long DueAt => member.IsAdmitted || !IsComplete ? long.MaxValue : _askAt;

    private bool IsComplete => member.Writes.IsStarted && member.Peers.All(p => p.IsUp);

    /// <summary>Asks those who have not answered.</summary>
    public void Ask()
    {
        if (member.IsAdmitted || !IsComplete || member.Now < _askAt)
            return;
        _askAt = member.Now + member.Timings.HeartbeatInterval;
        foreach (var peer in member.Peers.Where(p => !HasAnswered(p)))
            member.Send(peer, new Message.Recall(member.StateId));
    }

    /// <summary>A member without memory asks this one.</summary>
    public void OnRecall(Peer peer, Message.Recall recall)
    {
        if (recall.StateId.CompareTo(peer.StateId) < 0)
        {
            member.RefuseState(peer, recall.StateId);
            return;
        }
        if (recall.StateId != peer.StateId)
        {
            Supersede(peer, recall.StateId);
            peer.StateSavedIn = member.Writes.Change();
        }
        // What is told is what holds when it is told: after the note that the state of before does not count any more.
        member.Writes.Answer(peer.StateSavedIn, () => member.Send(peer, new Message.Memory(
            recall.StateId, member.StateId, member.ClusterId, member.KnownStates(),
            [.. member.Elections.Where(e => e.Term > 0).Select(e => new Message.InTerm(e.Name, e.Term))])));
    }

    public void OnMemory(Peer peer, Message.Memory memory)
    {
        if (member.IsAdmitted || memory.Of != member.StateId)
            return;
        foreach (var (id, stateId) in memory.Known.Append(new(peer.Id, memory.StateId)))
        {
            if (id == member.Configuration.Self && stateId.CompareTo(member.StateId) > 0)
            {
                Fail($"another process has taken its place with a later state, as {peer.Id} says; if that is a mistake, stop that one and begin with an empty folder");
                return;
            }
            if (member.Peers.FirstOrDefault(p => p.Id == id) is { } other && stateId.CompareTo(other.StateId) > 0)
                Supersede(other, stateId);
        }
        _memories[peer] = memory;
        if (member.Peers.All(HasAnswered))
            Decide();
    }

    /// <summary>What a member said counts as long as the link to it holds.</summary>
    public void OnDown(Peer peer) => _memories.Remove(peer);

    /// <summary>The id of a cluster that these states begin.</summary>
    internal static Guid ClusterOf(IEnumerable<MemberState.Known> states) => new(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', states.Select(s => $"{s.Member} {s.StateId:N}"))))[..16]);

    /// <summary>What the others said before, they said of other states than there are now.</summary>
    private void Supersede(Peer peer, Guid stateId)
    {
        if (peer.StateId != Guid.Empty)
            _memories.Clear();
        member.Pulse.Supersede(peer, stateId);
    }

    private bool HasAnswered(Peer peer) => _memories.TryGetValue(peer, out var memory) && memory.StateId == peer.StateId;

    private void Decide()
    {
        var clusters = _memories.Values.Select(m => m.ClusterId).Where(c => c != Guid.Empty).ToArray();
        var founded = ClusterOf(member.KnownStates());
        var forgetful = 1 + _memories.Values.Count(m => m.ClusterId == Guid.Empty);
        var list = member.Configuration.List;
        if (clusters.All(c => c == founded))
            Enter(founded);
        else if (forgetful > list.Members.Length - list.Majority)
            Fail($"{forgetful} of {list.Members.Length} members have lost their memory, so that nobody can know what was voted: bring back the folder of one that has it, or stop all members, empty all folders and begin anew, with tokens that begin anew as well");
        else
            Enter(clusters.Min());
    }

    private void Enter(Guid cluster)
    {
        var terms = new Dictionary<string, long>();
        foreach (var (election, term) in _memories.Values.SelectMany(m => m.Terms))
            terms[election] = Math.Max(term, terms.GetValueOrDefault(election));
        if (terms.Keys.Union(member.Elections.Select(e => e.Name)).Count() > MemberState.MaxElections)
        {
            Fail($"the others remember more than the {MemberState.MaxElections} elections that a member can");
            return;
        }
        _memories.Clear();
        member.Admit(cluster, terms);
    }

    private void Fail(string problem)
    {
        _memories.Clear();
        _askAt = member.Now + member.Timings.ElectionTimeoutMax;
        if (_problem == problem)
            return;
        _problem = problem;
        member.Emit(new Output.NotAdmitted(Waits));
    }
}
