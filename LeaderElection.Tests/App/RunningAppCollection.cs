namespace LeaderElection.Tests.App;

/// The tests on one running application: it is started once for all of them, and has the machine to itself.
[CollectionDefinition("RunningApp", DisableParallelization = true)]
public sealed class RunningAppCollection : ICollectionFixture<RunningApp>;
