namespace LeaderElection.Board.History;

/// <summary>How much is kept for each election: less, the more elections there are.</summary>
internal readonly record struct HistoryLimits(int Terms, int Refusals)
{
    private const int AllTerms = 40_000;
    private const int AllRefusals = 20_000;

    public static HistoryLimits For(int elections) =>
        new(Math.Clamp(AllTerms / Math.Max(elections, 1), 5, 200), Math.Clamp(AllRefusals / Math.Max(elections, 1), 5, 100));
}
