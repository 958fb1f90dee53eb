namespace LeaderElection.ZooKeeper.Client;

/// <summary>A server's answer: a value, or the code of what was wrong. "No such node" is an answer like another, and throws nothing.</summary>
/// <param name="Sent">When the request was sent: the timestamp from just before.</param>
/// <param name="Store">The servers, for errors.</param>
internal readonly record struct Reply<T>(ErrorCode Code, T? Value, long Sent, string Store, string Path)
{
    public bool IsOk => Code == ErrorCode.Ok;

    /// <summary>The value of an answer that must be a good one.</summary>
    /// <exception cref="ElectionStoreException">It is not.</exception>
    public T Required() => IsOk ? Value! : throw Error();

    public ElectionStoreException Error() => ZooKeeperErrors.Explain(Code, $"{Store}, {Path}");
}
