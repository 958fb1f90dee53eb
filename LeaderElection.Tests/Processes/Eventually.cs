namespace LeaderElection.Tests.Processes;

/// <summary>Waits for conditions that nobody announces, such as what a server answers.</summary>
internal static class Eventually
{
    /// <summary>How long a test waits for what should be a matter of moments: long, for slow machines.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks until the answer fits.</summary>
    /// <returns>The answer that did.</returns>
    public static async Task<T> GetAsync<T>(Func<Task<T>> ask, Func<T, bool> fits, string what, TimeSpan? timeout = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        object? last = null;
        while (TimeProvider.System.GetElapsedTime(start) < (timeout ?? Limit))
        {
            try
            {
                var answer = await ask();
                if (fits(answer))
                    return answer;
                last = answer;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                last = e.Message;
            }
            await Task.Delay(Pause, TimeProvider.System);
        }
        throw new TimeoutException($"Waited in vain for {what}; the last answer was: {last ?? "none"}");
    }

    /// <summary>
    /// Tries again, a few times, what must hold for a leader that keeps its lease: a machine that stands still for so long takes
    /// that away from it, which is nobody's fault. What must hold in any case, the attempt asserts itself.
    /// </summary>
    /// <param name="attempt">Says whether it held; ends what it has begun.</param>
    /// <param name="what">What must hold.</param>
    public static async Task OnceAsync(Func<Task<bool>> attempt, string what)
    {
        for (var left = 5; !await attempt(); left--)
        {
            if (left == 1)
                throw new InvalidOperationException($"In no attempt: {what}");
        }
    }

    /// <summary>Waits until a leader's lease was renewed.</summary>
    /// <returns>Whether it was, and the leader leads still.</returns>
    public static async Task<bool> RenewedAsync(Leadership leader)
    {
        var least = leader.LeaseRemaining;
        await TrueAsync(
            () =>
            {
                var now = leader.LeaseRemaining;
                var grew = now > least;
                least = now;
                return grew || !leader.IsValid;
            },
            "a renewal, or the end of the lease");
        return leader.IsValid;
    }

    /// <summary>Asks until the condition holds.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? timeout = null) =>
        GetAsync(() => Task.FromResult(condition()), static holds => holds, what, timeout);
}
