using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LeaderElection.ServiceDefaults;

/// <summary>Keeps endpoints to callers on the same machine.</summary>
public static class LoopbackConvention
{
    /// <summary>For callers from other machines the endpoint does not exist.</summary>
    public static void OnlyFromLoopback(this IEndpointConventionBuilder endpoint) => endpoint.Add(builder =>
    {
        var next = builder.RequestDelegate;
        builder.RequestDelegate = context =>
        {
            if (context.Connection.RemoteIpAddress is { } caller && IPAddress.IsLoopback(caller) && next is not null)
                return next(context);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        };
    });
}
