namespace LeaderElection.Benchmarks.Peers;

/// <summary>A peer's programs that hold many elections in one process, and follow in as many: given endpoints, lease and number.</summary>
internal sealed record ManyPeer(string Name, Func<string, TimeSpan, int, ManyPeerProcess> Hold, Func<string, TimeSpan, int, ManyPeerProcess> Follow);
