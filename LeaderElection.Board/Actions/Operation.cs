namespace LeaderElection.Board.Actions;

/// <summary>What the operator is asked to do.</summary>
/// <param name="Id">The operation's number.</param>
/// <param name="Command"><c>start</c>, <c>stop</c> or <c>restart</c>.</param>
/// <param name="Resource">The replica: its candidate's id.</param>
internal sealed record Operation(long Id, string Command, string Resource);
