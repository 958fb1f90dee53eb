namespace LeaderElection.Tests.App;

/// Tests that start a whole application come one after the other, when all others are done: they have the machine to themselves.
[CollectionDefinition("App", DisableParallelization = true)]
public sealed class AppCollection;
