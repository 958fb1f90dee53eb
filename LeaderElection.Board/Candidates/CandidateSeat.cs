using LeaderElection.Reports;

namespace LeaderElection.Board.Candidates;

/// <summary>The latest report of one candidate, which connection it came by, and when.</summary>
/// <param name="Connection">The connection that owns the seat: with its end the candidate is gone, and this <see langword="null"/>.</param>
/// <param name="Report">The report.</param>
/// <param name="ReceivedAt">The board's monotonic timestamp: of the report or, once it is gone, of that.</param>
internal sealed record CandidateSeat(object? Connection, CandidateReport Report, long ReceivedAt)
{
    public bool IsGone => Connection is null;

    /// <summary>What is left of the reported lease; zero or less for anyone but a leader.</summary>
    public TimeSpan LeaseLeft(TimeProvider time) =>
        !IsGone && Report is { Role: CandidateReport.Leader, LeaseRemaining: { } seconds }
            ? TimeSpan.FromSeconds(seconds) - time.GetElapsedTime(ReceivedAt)
            : TimeSpan.Zero;
}
