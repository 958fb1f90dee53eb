using System.Globalization;

namespace LeaderElection.Board.Actions;

/// <summary>What a candidate is asked to do: its name, and the query that goes with it.</summary>
/// <param name="Name">One of <see cref="OfCandidates"/>.</param>
/// <param name="For">For how long, of <see cref="Freeze"/> and <see cref="CutOff"/>.</param>
/// <param name="Members">The Raft members that <see cref="CutOff"/> cuts it off from, and the one that <see cref="Transfer"/> hands over to.</param>
internal sealed record ReplicaAction(string Name, TimeSpan? For = null, IReadOnlyList<string>? Members = null)
{
    public const string Resign = "resign";
    public const string Transfer = "transfer";
    public const string Crash = "crash";
    public const string Freeze = "freeze";
    public const string CutOff = "cut-off";
    public const string Heal = "heal";

    public static readonly string[] OfCandidates = [Resign, Transfer, Crash, Freeze, CutOff, Heal];

    /// <summary>What the operator does, not the candidate itself.</summary>
    public static readonly string[] OfOperator = ["start", "stop", "restart"];

    /// <summary>The request at the candidate's own address.</summary>
    public string PathAndQuery()
    {
        var members = Members is { Count: > 0 } ? string.Join(',', Members) : null;
        var query = new List<string>();
        if (For is { } time)
            query.Add(string.Create(CultureInfo.InvariantCulture, $"for={time.TotalMilliseconds:0}ms"));
        if (members is not null)
            query.Add($"{(Name == Transfer ? "to" : "from")}={members}");
        var path = Name is Resign or Transfer ? $"/election/{Name}" : $"/faults/{Name}";
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }
}
