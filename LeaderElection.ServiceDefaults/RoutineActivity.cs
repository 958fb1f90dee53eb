using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;

namespace LeaderElection.ServiceDefaults;

/// <summary>What goes on all the time, such as polls, streams and heartbeats: a trace of it is of use only where it failed.</summary>
public static class RoutineActivity
{
    private const string Mark = "leader-election.routine";

    /// <summary>Leaves an activity out of the traces, with those within it, unless it ends as an error. For activities of this process.</summary>
    /// <param name="activity">The activity; nothing happens without one.</param>
    public static void SetRoutine(this Activity? activity) => activity?.SetCustomProperty(Mark, Mark);

    /// <summary>Leaves requests to the endpoint out of the traces unless they fail.</summary>
    /// <param name="endpoint">The endpoint, or a group of them.</param>
    public static TBuilder WithRoutineRequests<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.Add(builder =>
        {
            var next = builder.RequestDelegate;
            builder.RequestDelegate = context =>
            {
                context.Features.Get<IHttpActivityFeature>()?.Activity.SetRoutine();
                return next!(context);
            };
        });
        return endpoint;
    }

    internal static bool IsRoutine(Activity? activity)
    {
        for (; activity is not null; activity = activity.Parent)
        {
            if (activity.GetCustomProperty(Mark) is not null)
                return true;
        }
        return false;
    }
}
