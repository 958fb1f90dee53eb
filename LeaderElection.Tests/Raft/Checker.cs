using LeaderElection.Raft;

namespace LeaderElection.Tests.Raft;

/// <summary>Looks at a simulated cluster after every step.</summary>
internal sealed class Checker(Simulation world)
{
    private readonly Dictionary<(string Election, long Term), string> _leaders = [];
    private readonly Dictionary<string, long> _tokens = [];

    public Violation? Found { get; private set; }

    public int Elected { get; private set; }

    /// <summary>At most one leader a term, counted from the won vote on.</summary>
    public void AfterStep(SimulatedMember member)
    {
        foreach (var election in member.Core!.Elections)
        {
            if (election.Role is not Leader)
                continue;
            if (!_leaders.TryAdd((election.Name, election.Term), member.Id) && _leaders[(election.Name, election.Term)] is var other && other != member.Id)
                Report("one leader a term", $"{other} and {member.Id} in term {election.Term} of {election.Name}");
        }
    }

    /// <summary>I2: tokens strictly increase, also when the same member leads again.</summary>
    public void OnElected(SimulatedMember member, string election, long term)
    {
        Elected++;
        if (_tokens.GetValueOrDefault(election) >= term)
            Report("I2", $"{member.Id} is elected in {election} under token {term} after {_tokens[election]}");
        _tokens[election] = Math.Max(term, _tokens.GetValueOrDefault(election));
        OnLease(member, election);
    }

    /// <summary>I1: a lease begins or grows, so nobody else may hold one at this instant.</summary>
    public void OnLease(SimulatedMember member, string election)
    {
        foreach (var other in world.Members)
        {
            if (other != member && other.Believes(election) && member.Believes(election))
            {
                Report("I1", $"{member.Id} (token {member.Led[election]}) and {other.Id} (token {other.Led[election]}) both lead {election}");
            }
        }
    }

    /// <summary>I4: whether somebody leads everywhere where somebody stands, and all know it.</summary>
    public bool IsSettled()
    {
        foreach (var election in world.ElectionNames)
        {
            if (!world.Members.Any(m => m.Stands(election)))
                continue;
            if (world.Members.FirstOrDefault(m => m.Believes(election)) is not { } leader)
                return false;
            if (world.Members.Any(m => m.KnownLeaders.GetValueOrDefault(election) != (leader.Id, leader.Led[election])))
                return false;
        }
        return true;
    }

    public void Report(string invariant, string what) => Found ??= new(invariant, world.Now, what);
}
