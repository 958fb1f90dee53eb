using Aspire.Hosting;

namespace LeaderElection.Tests.StandIns;

/// A small service that says who it is; see stand-ins/Echo.
public sealed class EchoProject : IProjectMetadata
{
    public string ProjectPath => Path.GetFullPath(Path.Combine(Projects.LeaderElection_AppHost.ProjectPath, "..", "stand-ins", "Echo", "Echo.csproj"));
}
