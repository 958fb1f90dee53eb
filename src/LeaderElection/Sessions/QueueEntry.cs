namespace LeaderElection.Sessions;

/// <summary>A candidate's entry in the queue of an election. A store derives its own, with the key or path. For authors of election strategies.</summary>
/// <param name="election">The election.</param>
/// <param name="candidateId">The candidate.</param>
public class QueueEntry(string election, string candidateId) : Waiter(election)
{
    /// <summary>The candidate.</summary>
    public string CandidateId { get; } = candidateId;

    /// <summary>Which place in the history of the store the entry took: the fencing token once it leads. Set by <see cref="Session.JoinAsync"/>.</summary>
    public long FencingToken { get; set; }
}
