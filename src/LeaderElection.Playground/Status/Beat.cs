using LeaderElection.Hosting;

namespace LeaderElection.Playground.Status;

/// <param name="Candidate">How this process's candidate stands; <see langword="null"/> once it has withdrawn, with the last beat.</param>
/// <param name="IsTick">Whether time has passed, rather than something changed.</param>
internal readonly record struct Beat(CandidateStatus? Candidate, bool IsTick);
