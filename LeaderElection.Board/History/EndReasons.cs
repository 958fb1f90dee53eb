namespace LeaderElection.Board.History;

/// <summary>Why a term ended: as the candidate said, or as the board had to conclude.</summary>
internal static class EndReasons
{
    public const string Resigned = "resigned";
    public const string LeaseRanOut = "lease ran out";
    public const string Superseded = "superseded";

    /// <summary>It stopped campaigning, without a reason.</summary>
    public const string Stopped = "stopped";

    /// <summary>It is a follower now, without a reason.</summary>
    public const string SteppedDown = "stepped down";

    /// <summary>Its connection ended: killed, or cut off from the board.</summary>
    public const string Gone = "gone";
}
