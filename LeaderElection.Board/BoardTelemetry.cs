using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LeaderElection.Board;

internal static class BoardTelemetry
{
    private const string Name = "LeaderElection.Board";

    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>Writes that the ledger was asked for, by election and outcome: <c>accepted</c>, <c>refused</c> or <c>failed</c>.</summary>
    public static readonly Counter<long> LedgerWrites = Meter.CreateCounter<long>("leader_election.ledger.writes", "{write}");
}
