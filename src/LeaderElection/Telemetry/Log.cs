using Microsoft.Extensions.Logging;

namespace LeaderElection.Telemetry;

/// <summary>What is logged, under event ids that stay.</summary>
internal static partial class Log
{
    /// <summary>
    /// The exception to log beside its message: one of the store's says all in its line, and what a client put into it may be
    /// secret; any other is a mistake that has to be found.
    /// </summary>
    public static Exception? Cause(Exception e) => e is ElectionStoreException ? null : e;

    [LoggerMessage(1, LogLevel.Information, "{Candidate} became leader of {Election} ({Strategy}), fencing token {FencingToken}", EventName = "became leader")]
    public static partial void BecameLeader(this ILogger logger, string candidate, string election, string strategy, long fencingToken);

    [LoggerMessage(2, LogLevel.Warning, "{Candidate} lost leadership of {Election} ({Strategy}), fencing token {FencingToken}: {Reason}", EventName = "lost leadership")]
    public static partial void LostLeadership(this ILogger logger, string candidate, string election, string strategy, long fencingToken, LeadershipEnd reason);

    [LoggerMessage(3, LogLevel.Information, "{Candidate} resigned from {Election} ({Strategy}), fencing token {FencingToken}", EventName = "resigned")]
    public static partial void Resigned(this ILogger logger, string candidate, string election, string strategy, long fencingToken);

    [LoggerMessage(4, LogLevel.Warning, "renewal failed ({Strategy}), {Remaining} s of the lease left: {Error}", EventName = "renewal failed")]
    public static partial void RenewalFailed(this ILogger logger, Exception? exception, string strategy, double remaining, string error);

    [LoggerMessage(5, LogLevel.Warning, "{Candidate} in {Election} ({Strategy}): {Error}; trying on", EventName = "store in trouble")]
    public static partial void StoreInTrouble(this ILogger logger, string candidate, string election, string strategy, string error);

    [LoggerMessage(6, LogLevel.Warning, "{Election} ({Strategy}): the leader's entry is gone without a resignation; nobody can be elected for up to {Wait} s", EventName = "waiting for a vanished lease")]
    public static partial void VanishedLease(this ILogger logger, string election, string strategy, double wait);

    [LoggerMessage(7, LogLevel.Warning, "{Strategy}: {Message}", EventName = "store warning")]
    public static partial void StoreWarning(this ILogger logger, string strategy, string message);

    [LoggerMessage(8, LogLevel.Error, "the work of {Candidate} as leader of {Election} failed; it resigns, and campaigns again in {Delay} s", EventName = "leader's work failed")]
    public static partial void WorkFailed(this ILogger logger, Exception exception, string candidate, string election, double delay);

    [LoggerMessage(9, LogLevel.Error, "{Candidate} cannot campaign for {Election}: {Error}; next attempt in {Delay} s", EventName = "campaign failed")]
    public static partial void CampaignFailed(this ILogger logger, Exception? exception, string candidate, string election, string error, double delay);

    [LoggerMessage(10, LogLevel.Information, "{Candidate} in {Election} ({Strategy}): the store answers again", EventName = "store is back")]
    public static partial void StoreIsBack(this ILogger logger, string candidate, string election, string strategy);

    [LoggerMessage(11, LogLevel.Debug, "observing {Election} ({Strategy}): {Error}; trying on", EventName = "observing in trouble")]
    public static partial void ObservingInTrouble(this ILogger logger, Exception? exception, string election, string strategy, string error);

    [LoggerMessage(12, LogLevel.Error, "what {Candidate} registered to be called at the end of its leadership of {Election} failed", EventName = "callback failed")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception, string candidate, string election);

    [LoggerMessage(13, LogLevel.Error, "a subscriber to the changes of {Candidate} in {Election} failed", EventName = "subscriber failed")]
    public static partial void SubscriberFailed(this ILogger logger, Exception exception, string candidate, string election);

    [LoggerMessage(14, LogLevel.Error, "the work of {Candidate} as leader of {Election} has not stopped {Seconds} s after it was told to; the next leader does not wait for it any longer, only fencing tokens hold off what it writes", EventName = "work goes on")]
    public static partial void StillWorks(this ILogger logger, string candidate, string election, double seconds);

    [LoggerMessage(15, LogLevel.Error, "{Strategy}: work has waited {Seconds} s for a thread of the pool; renewals come as late, and leaderships are lost by it. Something blocks those threads, or there are too few (ThreadPool.SetMinThreads)", EventName = "thread pool starved")]
    public static partial void PoolIsStarved(this ILogger logger, string strategy, double seconds);

    [LoggerMessage(16, LogLevel.Error, "{Candidate} failed to observe {Election}; it goes on later", EventName = "observing failed")]
    public static partial void ObservingFailed(this ILogger logger, Exception exception, string candidate, string election);

    [LoggerMessage(17, LogLevel.Warning, "{Dropped} lines were dropped: this logger takes longer over a line than comes until the next", EventName = "lines dropped")]
    public static partial void LinesDropped(this ILogger logger, long dropped);

    [LoggerMessage(18, LogLevel.Critical, "the work of {Candidate} as leader of {Election} has not stopped {Seconds} s after the leadership ended: the process ends, as its options ask for", EventName = "process ends")]
    public static partial void ProcessEnds(this ILogger logger, string candidate, string election, double seconds);
}
