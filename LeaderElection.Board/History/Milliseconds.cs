namespace LeaderElection.Board.History;

internal static class Milliseconds
{
    /// <summary>To a tenth; finer would promise more than receipt times can hold.</summary>
    public static double InMilliseconds(this TimeSpan time) => Math.Round(time.TotalMilliseconds, 1);
}
