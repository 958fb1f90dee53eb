using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.StandIn.Dashboard;

/// The dashboard's own row, hidden as in Aspire. By it others see where the dashboard is, and whether it is up.
internal sealed class DashboardResource : Resource
{
    private DashboardResource() : base("aspire-dashboard")
    {
    }

    public static DashboardResource Instance { get; } = new();
}
