namespace LeaderElection.Board.Scenarios;

/// <summary>A scenario did not come out as it should; the message says why, in one line.</summary>
internal sealed class ScenarioFailedException(string message) : Exception(message);
