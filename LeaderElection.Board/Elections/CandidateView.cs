using LeaderElection.Reports;

namespace LeaderElection.Board.Elections;

/// <param name="Candidate">Its id.</param>
/// <param name="Role"><c>leader</c>, <c>follower</c>, <c>stopped</c>, <see cref="Unknown"/> or <see cref="Gone"/>.</param>
/// <param name="Url">Its own web address.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Actions">What it can be asked to do; <see langword="null"/> if it does not say.</param>
/// <param name="Member">The id of its Raft member, if it is one.</param>
internal sealed record CandidateView(string Candidate, string Role, string? Url, int? Pid, IReadOnlyList<string>? Actions = null, string? Member = null)
{
    /// <summary>A candidate that last said it leads, and is not believed any more.</summary>
    public const string Unknown = "unknown";

    /// <summary>A candidate whose connection has ended; it stays listed for a while.</summary>
    public const string Gone = "gone";

    /// <summary>Whether it is connected and campaigns.</summary>
    public bool IsLive() => Role is not (Gone or CandidateReport.Stopped);
}
