namespace LeaderElection.Tests.History;

/// <summary>What a candidate process takes on its standard input, a line each.</summary>
internal static class CandidateCommand
{
    /// <summary><c>cut MEMBER…</c> drops what passes between this raft member and those.</summary>
    public const string Cut = "cut";

    /// <summary>Ends that.</summary>
    public const string Heal = "heal";

    /// <summary><c>resign ELECTION MS</c>: where it leads, it resigns, and its work takes so long to stop.</summary>
    public const string Resign = "resign";

    /// <summary>The handlers of the leaderships that it has, of their ends and of <c>Lost</c>, throw.</summary>
    public const string Throw = "throw";

    /// <summary><c>block COUNT MS</c>: so many work items block the thread pool for so long.</summary>
    public const string Block = "block";
}
