namespace LeaderElection.Board.Elections;

/// <param name="Candidate">Its id.</param>
/// <param name="Role"><c>leader</c>, <c>follower</c>, <c>stopped</c> or <see cref="Unknown"/>.</param>
/// <param name="Url">Its own web address.</param>
/// <param name="Pid">Its process id.</param>
internal sealed record CandidateView(string Candidate, string Role, string? Url, int? Pid)
{
    /// <summary>A candidate that last said it leads, and is not believed any more.</summary>
    public const string Unknown = "unknown";
}
