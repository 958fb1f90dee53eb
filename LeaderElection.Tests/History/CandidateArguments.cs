namespace LeaderElection.Tests.History;

/// <summary>What a candidate process is told on its command line.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Endpoint">Where its store is.</param>
/// <param name="Election">The election.</param>
/// <param name="Candidate">Its name; for raft also the member's, unless that is given.</param>
/// <param name="Lease">The lease.</param>
/// <param name="Resource">The socket of the fenced resource.</param>
internal sealed record CandidateArguments(string Strategy, string Endpoint, string Election, string Candidate, TimeSpan Lease, string Resource)
{
    public const string WanderingClock = "wandering-clock";

    /// <summary>How long the work takes between the look at the lease and its effect.</summary>
    public TimeSpan Work { get; init; } = TimeSpan.FromMilliseconds(5);

    public CandidateDefect Defect { get; init; }

    /// <summary>The raft member that it is.</summary>
    public string Member { get; init; } = Candidate;

    /// <summary>Whether its wall clock jumps back and forth.</summary>
    public bool HasWanderingClock { get; init; }

    /// <summary>Further elections that it stands in, each with the socket of its resource.</summary>
    public IReadOnlyList<(string Election, string Resource)> Others { get; init; } = [];

    /// <summary>How long the work may take to stop after a resignation; the strategy's default if there is none given.</summary>
    public TimeSpan? DrainTimeout { get; init; }

    /// <summary>Whether it takes commands on its standard input, and ends with that.</summary>
    public bool TakesCommands { get; init; }

    public static CandidateArguments? Parse(string[] args)
    {
        if (args is not [var strategy, var endpoint, var election, var candidate, var lease, var resource, .. var settings])
            return null;
        var parsed = new CandidateArguments(strategy, endpoint, election, candidate, TimeSpan.FromMilliseconds(int.Parse(lease)), resource);
        foreach (var setting in settings)
        {
            parsed = setting.Split('=') switch
            {
                ["work", var ms] => parsed with { Work = TimeSpan.FromMilliseconds(int.Parse(ms)) },
                ["defect", var defect] => parsed with { Defect = Enum.Parse<CandidateDefect>(defect) },
                ["member", var member] => parsed with { Member = member },
                ["also", var other, var path] => parsed with { Others = [.. parsed.Others, (other, path)] },
                ["drain-timeout", var ms] => parsed with { DrainTimeout = TimeSpan.FromMilliseconds(int.Parse(ms)) },
                [WanderingClock] => parsed with { HasWanderingClock = true },
                ["commands"] => parsed with { TakesCommands = true },
                _ => throw new FormatException(setting),
            };
        }
        return parsed;
    }
}
