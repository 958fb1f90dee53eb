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

    /// <summary>Asks until the condition holds.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? timeout = null) =>
        GetAsync(() => Task.FromResult(condition()), static holds => holds, what, timeout);
}
