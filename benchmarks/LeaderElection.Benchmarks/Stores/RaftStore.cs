using LeaderElection.Hosting;

namespace LeaderElection.Benchmarks.Stores;

/// <summary>No server: each election's candidates are the members of a cluster of their own.</summary>
internal sealed class RaftStore : Store
{
    public RaftStore() : base("raft") => Description = "the candidates themselves";

    public override string Endpoints => "";

    public override bool WaitsOutLease => false;

    public override IReadOnlyList<Seat> Seats(string election, int count, TimeSpan lease)
    {
        var members = Enumerable.Range(0, count).Select(i => $"m{i}").ToArray();
        var endpoints = string.Join(',', members.Select(m => $"{m}=127.0.0.1:{FreePort.Next()}"));
        return [.. members.Select(m => new Seat(endpoints, election, m, lease, Folder))];
    }

    /// <summary>A member comes back as itself.</summary>
    public override Seat Another(Seat dead) => dead;
}
