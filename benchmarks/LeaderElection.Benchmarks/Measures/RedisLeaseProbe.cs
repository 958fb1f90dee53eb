using LeaderElection.Benchmarks.Candidates;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>Asks Redis for the rest of the key's life (PTTL) right after the leader died.</summary>
internal sealed class RedisLeaseProbe(RedisStore store)
{
    /// <summary>What to ask for: found before the leader dies, so that the question comes right after.</summary>
    public Task<string> KeyAsync(string election, bool isOurs) => store.LeaseKeyAsync(election, isOurs);

    /// <returns>When the key will be gone: wall clock, in nanoseconds.</returns>
    public async Task<long> LeaseEndAsync(string key)
    {
        var asked = Protocol.Now;
        var left = await store.TimeToLiveAsync(key);
        var answered = Protocol.Now;
        return ((asked + answered) / 2) + (long)(left * 1e6);
    }
}
