using LeaderElection.Reports;

namespace LeaderElection.Board.Candidates;

internal static class ReportRules
{
    private static readonly TimeSpan LongestLease = TimeSpan.FromDays(1);

    private const int MaxReason = 64;
    private const int MaxActions = 16;
    private const int MaxPeers = 16;

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
        if (report.LeaseDuration is { } duration && !(duration > 0 && duration <= LongestLease.TotalSeconds))
            return $"leaseDuration: more than 0, at most {LongestLease.TotalSeconds} seconds";
        if (report.EndReason is { } reason && (reason.Length is 0 or > MaxReason || reason.Any(char.IsControl)))
            return $"endReason: one line of at most {MaxReason} characters";
        if (report.Actions is { } actions && (actions.Count > MaxActions || !actions.All(ElectionNames.IsValid)))
            return $"actions: at most {MaxActions} names";
        return report.Raft is { } raft ? Explain(raft) : null;

        static string Name(string field) => $"{field}: 1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -";
    }

    private static string? Explain(RaftReport raft)
    {
        if (!ElectionNames.IsValid(raft.Member) || (raft.VotedFor is { } vote && !ElectionNames.IsValid(vote)) || raft.Term < 0)
            return "raft: a member, its term, and for whom it voted";
        // Left out, it is null in spite of its type.
        if (raft.Peers is not { Count: <= MaxPeers })
            return $"raft.peers: at most {MaxPeers}";
        return raft.Peers.All(peer => ElectionNames.IsValid(peer?.Member) && peer is { Sent: >= 0, Received: >= 0, HeartbeatAge: null or (>= 0 and <= double.MaxValue) })
            ? null
            : "raft.peers: a member each, nothing negative";
    }

    // The page makes a link of it: never of "javascript:".
    private static bool IsWebAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);
}
