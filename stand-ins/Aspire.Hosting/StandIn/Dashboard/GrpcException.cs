namespace Aspire.Hosting.StandIn.Dashboard;

internal sealed class GrpcException(GrpcStatus status, string message) : Exception(message)
{
    public GrpcStatus Status { get; } = status;
}
