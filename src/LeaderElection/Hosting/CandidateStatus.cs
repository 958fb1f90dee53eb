namespace LeaderElection.Hosting;

/// <summary>How one candidate of this process stands in its election.</summary>
/// <param name="Election">The election.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="CandidateId">The candidate.</param>
/// <param name="Role">Whether it leads.</param>
/// <param name="FencingToken">Its fencing token, if it leads.</param>
/// <param name="Since">When it took this role.</param>
/// <param name="LeaseRemaining">For how long it may believe without another renewal, if it leads.</param>
/// <param name="LeaseDuration">How long its lease lasts after each renewal, if it leads.</param>
/// <param name="ObservedLeader">Who leads, as the store tells it.</param>
public sealed record CandidateStatus(
    string Election,
    string Strategy,
    string CandidateId,
    CandidateRole Role,
    long? FencingToken,
    DateTimeOffset Since,
    TimeSpan? LeaseRemaining,
    TimeSpan? LeaseDuration,
    LeaderInfo? ObservedLeader);
