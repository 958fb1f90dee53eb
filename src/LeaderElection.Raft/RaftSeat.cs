namespace LeaderElection.Raft;

/// <summary>One campaign of a candidate of this process.</summary>
internal sealed class RaftSeat(string election, string candidate)
{
    public string Election { get; } = election;

    public string Candidate { get; } = candidate;

    /// <summary>The leadership, and for how long the candidate had known that there was no leader, if it knew.</summary>
    public TaskCompletionSource<(Leadership Leadership, TimeSpan? Leaderless)> Elected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
