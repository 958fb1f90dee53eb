namespace LeaderElection.Board.Candidates;

internal static class ReportRules
{
    private static readonly TimeSpan LongestLease = TimeSpan.FromDays(1);

    /// <summary>What is wrong with a report, in one line; <see langword="null"/> if nothing is.</summary>
    public static string? Explain(CandidateReport report)
    {
        if (!ElectionNames.IsValid(report.Election))
            return Name("election");
        if (!ElectionNames.IsValid(report.Strategy))
            return Name("strategy");
        if (!ElectionNames.IsValid(report.Candidate))
            return Name("candidate");
        if (report.Role is not (CandidateReport.Leader or CandidateReport.Follower or CandidateReport.Stopped))
            return "role: leader, follower or stopped";
        if (report.FencingToken < 0 || report.Pid < 0)
            return "fencingToken, pid: not negative";
        if (report.LeaseRemaining is { } lease && !(lease >= 0 && lease <= LongestLease.TotalSeconds))
            return $"leaseRemaining: 0 to {LongestLease.TotalSeconds} seconds";
        if (report.Role == CandidateReport.Leader && (report.FencingToken is null or 0 || report.LeaseRemaining is null))
            return "a leader gives its fencingToken (above 0) and leaseRemaining";
        if (report.Url is { Length: > 0 } url && !IsWebAddress(url))
            return "url: an absolute http or https address";
        return null;

        static string Name(string field) => $"{field}: 1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -";
    }

    // The page makes a link of it: never of "javascript:".
    private static bool IsWebAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
}
