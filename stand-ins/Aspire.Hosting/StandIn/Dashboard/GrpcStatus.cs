namespace Aspire.Hosting.StandIn.Dashboard;

/// The status codes of gRPC that are used here.
internal enum GrpcStatus
{
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unauthenticated = 16,
}
