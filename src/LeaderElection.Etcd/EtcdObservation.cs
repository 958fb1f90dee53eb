using LeaderElection.Etcd.Protocol;
using LeaderElection.Sessions;

namespace LeaderElection.Etcd;

/// <summary>What an observer listens to: every key of the election, of which only the leader's matters while there is one.</summary>
internal sealed class EtcdObservation : IDisposable
{
    private readonly EtcdWatch _watch;
    private volatile byte[]? _leader;

    public EtcdObservation(EtcdWatches watches, Waiter observer, (byte[] Prefix, byte[] PrefixEnd) range, long revision)
    {
        _watch = watches.Watch(range.Prefix, range.PrefixEnd, deletesOnly: false, revision + 1, news =>
        {
            // Who comes later comes behind the leader.
            if (news is null || _leader is not { } leader || news.Kv.Key.AsSpan().SequenceEqual(leader))
                observer.Changed();
        });
    }

    /// <summary>The leader's key; <see langword="null"/> when there is none, or none is known: then everything matters.</summary>
    public void Heed(KeyValue? leader) => _leader = leader?.Key;

    public void Dispose() => _watch.Dispose();
}
