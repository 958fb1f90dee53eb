namespace LeaderElection.Tests.Chaos;

/// Dozens of processes at a time: they run when all other tests are done, one test after the other.
[CollectionDefinition("Chaos", DisableParallelization = true)]
public sealed class ChaosCollection;
