namespace LeaderElection.Benchmarks.Stores;

/// <summary>What a candidate process is told: where the store is, which election, and who it is.</summary>
/// <param name="Folder">Where it may keep files.</param>
internal sealed record Seat(string Endpoints, string Election, string Id, TimeSpan Lease, string Folder)
{
    public string LeaseSeconds => FormattableString.Invariant($"{Lease.TotalSeconds}");
}
