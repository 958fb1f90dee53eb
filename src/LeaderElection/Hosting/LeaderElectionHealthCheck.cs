using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>
/// Degraded when this process leads with less than a third of its lease left, when work goes on whose leadership has ended,
/// or when it cannot reach the store; the detail is in its data.
/// </summary>
internal sealed class LeaderElectionHealthCheck(IElectionBackend backend, CandidateRegistry registry, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(2);

    /// <summary>What work may take to stop without being remarkable.</summary>
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["strategy"] = backend.Strategy };
        var problems = new List<string>();
        foreach (var candidate in registry.Candidates.Where(c => c.Backend == backend))
        {
            var status = candidate.Status;
            if (candidate.WorksOnFor is { } on && on > LongestStop)
                problems.Add(FormattableString.Invariant($"{status.Election}: the work has not stopped {on.TotalSeconds:0} s after the leadership ended"));
            data[status.Election] = status.Role switch
            {
                CandidateRole.Leader => FormattableString.Invariant($"leader, fencing token {status.FencingToken}, {status.LeaseRemaining!.Value.TotalSeconds:0.0} s of the lease left"),
                CandidateRole.Stopping => "led; its work has not stopped yet",
                _ => $"follower of {status.ObservedLeader?.CandidateId ?? "nobody"}",
            };
            if (status is { LeaseRemaining: { } left, LeaseDuration: { } whole } && left < whole / 3)
                problems.Add(FormattableString.Invariant($"{status.Election}: {left.TotalSeconds:0.0} s of {whole.TotalSeconds:0.0} s of the lease left"));
        }
        try
        {
            await backend.PingAsync(cancellationToken).AsTask().WaitAsync(PingLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add($"store: {e.Message}");
        }
        return problems is []
            ? HealthCheckResult.Healthy($"{backend.Strategy}: the store answers", data)
            : HealthCheckResult.Degraded(string.Join("; ", problems), data: data);
    }
}
