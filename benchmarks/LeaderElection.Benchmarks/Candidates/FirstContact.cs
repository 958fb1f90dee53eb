namespace LeaderElection.Benchmarks.Candidates;

/// <summary>Waits for the store, which may be started at the same time; so may the members of a raft cluster.</summary>
internal static class FirstContact
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <returns>Whether the store answered in time; if not, the reason was printed.</returns>
    public static async Task<bool> MadeAsync(IElectionBackend backend, CancellationToken stop)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await backend.PingAsync(stop);
                return true;
            }
            catch (ElectionStoreException e) when (e.IsTransient && TimeProvider.System.GetElapsedTime(start) < Limit)
            {
                await Task.Delay(Pause, TimeProvider.System, stop);
            }
            catch (ElectionStoreException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return false;
            }
        }
    }
}
