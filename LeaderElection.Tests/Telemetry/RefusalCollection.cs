namespace LeaderElection.Tests.Telemetry;

/// The counter is the process's: while these tests run, no other may refuse anything.
[CollectionDefinition("Refusals", DisableParallelization = true)]
public sealed class RefusalCollection;
