namespace LeaderElection.Benchmarks.Measures;

/// <summary>A line of a candidate's protocol.</summary>
/// <param name="What"><c>READY</c>, <c>LEADER</c>, <c>RESIGN</c>, <c>RESIGNED</c>, <c>LOST</c>.</param>
/// <param name="At">The candidate's wall clock at that moment, in nanoseconds.</param>
internal sealed record CandidateEvent(MeasuredCandidate Candidate, string What, long At);
