using System.Diagnostics;
using OpenTelemetry;

namespace LeaderElection.ServiceDefaults;

/// <summary>Keeps from export what is routine and has not failed. That is known only at its end, so no sampler can do it.</summary>
internal sealed class RoutineFilter : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        // Exporters leave out what is not recorded.
        if (data.Status != ActivityStatusCode.Error && RoutineActivity.IsRoutine(data))
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
