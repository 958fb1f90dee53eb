namespace LeaderElection.Board;

/// <summary>Settings of the board: section <c>Board</c>, on the command line <c>--Board:DataDirectory=…</c>.</summary>
internal sealed class BoardOptions
{
    public const string Section = "Board";

    /// <summary>Where the ledger is kept; relative to the folder the board is started in.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>
    /// What the operator, who can start and stop replicas, proves itself by; without it there is none. Give it by
    /// environment, <c>Board__OperatorKey</c>: a command line is for all to see.
    /// </summary>
    public string? OperatorKey { get; set; }
}
