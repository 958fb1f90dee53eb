namespace LeaderElection.Board.History;

/// <summary>From the end of one leadership to the start of the next.</summary>
/// <param name="gap">For how long nobody led.</param>
/// <param name="wasDeserted">Whether for a while there was no candidate at all: a gap, but nobody's fail-over.</param>
internal sealed class LeadershipChange(TimeSpan gap, bool wasDeserted)
{
    public TimeSpan Gap => gap;

    /// <summary>Whether the one before had resigned. It may say so a moment later than its successor reports.</summary>
    public bool IsHandOver { get; set; }

    public bool IsFailOver => !IsHandOver && !wasDeserted;
}
