namespace LeaderElection.Hosting;

/// <summary>What a candidate is at the moment.</summary>
public enum CandidateRole
{
    /// <summary>It campaigns, or rests before the next campaign.</summary>
    Follower,

    /// <summary>It leads.</summary>
    Leader,

    /// <summary>It led, and its work has not stopped yet; it does not campaign before that.</summary>
    Stopping,
}
