namespace LeaderElection.Board.Actions;

/// <summary>Why something was not done.</summary>
/// <param name="Status">The HTTP status that says so.</param>
/// <param name="Error">The reason, in one line.</param>
internal sealed record ActionProblem(int Status, string Error);
