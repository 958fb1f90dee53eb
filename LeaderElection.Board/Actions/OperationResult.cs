namespace LeaderElection.Board.Actions;

/// <summary>How an operation ended: with an error, in one line, or without.</summary>
internal sealed record OperationResult(string? Error);
