using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.StandIns;

/// A row that is no process.
internal sealed class CrownResource(string name) : Resource(name);
