namespace LeaderElection.Hosting;

/// <summary>
/// Work that one replica does at a time, in the manner of <c>BackgroundService</c>: it campaigns for ever, and runs
/// <see cref="LeadAsync"/> while it leads. Register it with <c>services.AddLeaderService&lt;T&gt;("election")</c>.
/// </summary>
public abstract class LeaderService
{
    /// <summary>The leader's work.</summary>
    /// <remarks>
    /// <para>Stop soon when <paramref name="lost"/> is cancelled: the leadership is handed over when this method has
    /// returned. Returning earlier resigns; throwing resigns too, is logged, and backs off before the next campaign.
    /// In every case the service campaigns again by itself.</para>
    /// <para>Give <see cref="Leadership.FencingToken"/> to what you write to, and look at
    /// <see cref="Leadership.IsValid"/> before each write.</para>
    /// </remarks>
    /// <param name="leadership">This term.</param>
    /// <param name="lost">Cancelled before another replica can be elected, and when the application stops.</param>
    protected internal abstract Task LeadAsync(Leadership leadership, CancellationToken lost);
}
