using System.Reflection;
using Aspire.Hosting;

namespace LeaderElection.Tests.StandIns;

internal static class StandIn
{
    /// Whether this build has the stand-ins in place of the Aspire packages.
    public static bool IsUsed { get; } = IsStandIn(typeof(DistributedApplication).Assembly);

    public static bool IsStandIn(Assembly assembly) =>
        assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(attribute => attribute.Key == "StandIn");
}
