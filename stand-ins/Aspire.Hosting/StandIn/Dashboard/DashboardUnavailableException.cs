namespace Aspire.Hosting.StandIn.Dashboard;

/// There will be no dashboard; the message says why, in one line.
internal sealed class DashboardUnavailableException(string message) : Exception(message);
