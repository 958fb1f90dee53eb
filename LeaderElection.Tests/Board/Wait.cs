namespace LeaderElection.Tests.Board;

internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Asks again and again until the answer is the wanted one.</summary>
    public static async Task<T> ForAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (wanted(answer))
                return answer;
            if (TimeProvider.System.GetElapsedTime(start) > Limit)
                throw new TimeoutException($"still not: {answer}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
