namespace LeaderElection.PostgreSql;

/// <summary>What is heard from a server, besides answers.</summary>
/// <param name="OnMessage">News, in the order of their publication.</param>
/// <param name="OnReconnected">There may be more news than was heard: look again.</param>
/// <param name="Warn">What the user should know.</param>
internal sealed record PostgreSqlEvents(Action<string> OnMessage, Action OnReconnected, Action<string> Warn);
