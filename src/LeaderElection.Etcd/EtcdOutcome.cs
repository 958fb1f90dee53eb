using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>What came of a transaction.</summary>
/// <param name="Succeeded">Whether its conditions held.</param>
/// <param name="Revision">The store's revision after it: the create revision of the keys that it made.</param>
/// <param name="Found">The first key that it read, if there was one.</param>
internal readonly record struct EtcdOutcome(bool Succeeded, long Revision, KeyValue? Found)
{
    /// <summary>Reads an answer; that of a step has the revision of the whole.</summary>
    public static EtcdOutcome Of(TxnResponse response, long revision)
    {
        KeyValue? found = null;
        foreach (var step in response.Responses)
            found ??= step.Found;
        return new EtcdOutcome(response.Succeeded, revision, found);
    }

    /// <exception cref="ElectionStoreException">It names none; a fencing token may come of it.</exception>
    public static long RevisionOf(TxnResponse response) =>
        response.Revision is > 0 and var revision ? revision : throw Senseless();

    /// <summary>An answer that fits its type, and not the question.</summary>
    public static ElectionStoreException Senseless()
    {
        var failure = EtcdFailure.Senseless();
        return new($"etcd: {failure.Message}", isTransient: true, failure);
    }
}
