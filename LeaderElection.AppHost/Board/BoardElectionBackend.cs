namespace LeaderElection.AppHost.Board;

/// <summary>
/// Observes elections through the board, for a strategy that has no store to ask: only its members know, and the
/// AppHost is none.
/// </summary>
internal sealed class BoardElectionBackend(BoardAccess board, string strategy) : IElectionBackend
{
    private readonly BoardClient _client = board.Open();

    public string Strategy => strategy;

    public IElection CreateElection(string name, string candidateId) => new BoardElection(_client, strategy, name, candidateId);

    public async ValueTask PingAsync(CancellationToken cancellationToken = default) => await _client.GetAsync("/api/elections", cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
