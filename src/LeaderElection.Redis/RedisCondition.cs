using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>
/// That a leadership still holds, as the condition of a Redis transaction: writes under it are refused by Redis itself
/// once another leads, however late they arrive.
/// </summary>
/// <remarks>
/// With any client: <c>WATCH</c> both keys, look, and put the writes between <c>MULTI</c> and <c>EXEC</c>; or, as
/// shorter, pass both keys to a script that looks and writes. As Redis replicates asynchronously, a fail-over can
/// forget writes, this condition's keys among them.
/// </remarks>
/// <param name="ElectionKey">The election's key …</param>
/// <param name="Entry">… and what it holds under this leadership.</param>
/// <param name="LeaseKey">The key that must exist: the lease of the leader's process.</param>
public sealed record RedisCondition(string ElectionKey, string Entry, string LeaseKey)
{
    /// <summary>Makes a transaction of <c>StackExchange.Redis</c> depend on it: it then answers <see langword="false"/> when the leadership is over.</summary>
    public void AddTo(ITransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        transaction.AddCondition(Condition.StringEqual(ElectionKey, Entry));
        transaction.AddCondition(Condition.KeyExists(LeaseKey));
    }
}
