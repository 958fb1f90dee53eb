using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LeaderElection.Hosting;

/// <summary>
/// Degraded when this process leads with less than a third of its lease left, or cannot reach the store; the detail is
/// in its data.
/// </summary>
internal sealed class LeaderElectionHealthCheck(IElectionBackend backend, CandidateRegistry registry, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["strategy"] = backend.Strategy };
        var problems = new List<string>();
        foreach (var status in registry.Candidates.Select(c => c.Status).Where(s => s.Strategy == backend.Strategy))
        {
            data[status.Election] = status.Role == CandidateRole.Leader
                ? FormattableString.Invariant($"leader, fencing token {status.FencingToken}, {status.LeaseRemaining!.Value.TotalSeconds:0.0} s of the lease left")
                : $"follower of {status.ObservedLeader?.CandidateId ?? "nobody"}";
            if (status is { LeaseRemaining: { } left, LeaseDuration: { } whole } && left < whole / 3)
                problems.Add(FormattableString.Invariant($"{status.Election}: {left.TotalSeconds:0.0} s of {whole.TotalSeconds:0.0} s of the lease left"));
        }
        try
        {
            await backend.PingAsync(cancellationToken).AsTask().WaitAsync(PingLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ElectionStoreException or TimeoutException)
        {
            problems.Add($"store: {e.Message}");
        }
        return problems is []
            ? HealthCheckResult.Healthy($"{backend.Strategy}: the store answers", data)
            : HealthCheckResult.Degraded(string.Join("; ", problems), data: data);
    }
}
