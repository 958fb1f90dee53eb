namespace LeaderElection.Raft;

/// <summary>The times of a member, in units of the monotonic timestamps that it is given.</summary>
/// <param name="ElectionTimeoutMin">
/// The least time without a sign of the leader before another may be elected. Also for how long a voter stays true to
/// a leader that it has heard.
/// </param>
/// <param name="ElectionTimeoutMax">The longest that a member waits before it stands against a leader that is silent.</param>
/// <param name="HeartbeatInterval">How often a leader is heard.</param>
/// <param name="Lease">For how long a leader believes, from the moment before the heartbeat was sent that a majority acknowledged.</param>
/// <param name="PreferenceDelay">For how long a preferred member must have been well before it takes over.</param>
internal sealed record RaftTimings(
    long ElectionTimeoutMin, long ElectionTimeoutMax, long HeartbeatInterval, long Lease, long PreferenceDelay)
{
    /// <summary>
    /// The lease that follows from the least timeout: the leader's clock may be slow by the drift, and the margin has
    /// its last requests out of the way. The formula of <see cref="Leases.LeaseClock"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The times contradict each other; the message says which.</exception>
    public static RaftTimings Create(
        TimeSpan timeoutMin, TimeSpan timeoutMax, TimeSpan heartbeat, double drift, TimeSpan margin, long frequency)
    {
        var lease = (timeoutMin * (1 - drift)) - margin;
        if (heartbeat <= TimeSpan.Zero || heartbeat * 3 > timeoutMin)
            throw new ArgumentException($"the heartbeat interval is {heartbeat}; it must be greater than 0 and at most a third of the least election timeout ({timeoutMin})");
        if (timeoutMax < timeoutMin * 1.2)
            throw new ArgumentException($"the greatest election timeout is {timeoutMax}; it must be at least 1.2 times the least ({timeoutMin}), or members that stand at the same time keep doing so");
        if (lease < heartbeat * 2)
            throw new ArgumentException($"the lease would be {lease}; it must be at least two heartbeat intervals ({heartbeat} each), or a healthy leader loses it");
        return new(Ticks(timeoutMin), Ticks(timeoutMax), Ticks(heartbeat), Ticks(lease), Ticks(timeoutMax * 10));

        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * frequency);
    }
}
