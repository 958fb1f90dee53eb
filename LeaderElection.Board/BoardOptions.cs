namespace LeaderElection.Board;

/// <summary>Settings of the board: section <c>Board</c>, on the command line <c>--Board:DataDirectory=…</c>.</summary>
internal sealed class BoardOptions
{
    public const string Section = "Board";

    /// <summary>Where the ledger is kept; relative to the folder the board is started in.</summary>
    public string DataDirectory { get; set; } = "data";
}
