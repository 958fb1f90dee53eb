namespace LeaderElection.Tests.Races;

/// <summary>What is disposed or cancelled in the middle of a <see cref="RaceLife"/>.</summary>
internal enum RaceTarget
{
    Backend,
    BackendTwice,
    BackendAndElections,
    Elections,
    Leaderships,
    Tokens,
    Service,
    BothBackends,
}
