namespace LeaderElection;

/// <summary>Who leads an election, as the store tells it.</summary>
/// <param name="CandidateId">The leader.</param>
/// <param name="FencingToken">The fencing token of this leadership: greater than that of every earlier one.</param>
/// <param name="ElectedAt">
/// When it was elected, by the wall clock of the store or of the leader; where the store does not keep it (etcd,
/// ZooKeeper), when the observer first saw it lead. For people to read, never to decide by.
/// </param>
public sealed record LeaderInfo(string CandidateId, long FencingToken, DateTimeOffset ElectedAt);
