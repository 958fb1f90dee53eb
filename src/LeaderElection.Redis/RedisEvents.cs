namespace LeaderElection.Redis;

/// <summary>What a connection tells its backend, besides answers.</summary>
/// <param name="OnMessage">News from a server, in the order of their publication.</param>
/// <param name="OnReconnected">There may be more news than was heard: look again.</param>
/// <param name="Warn">What the user should know.</param>
internal sealed record RedisEvents(Action<string> OnMessage, Action OnReconnected, Action<string> Warn);
