namespace LeaderElection.Tests.Faults;

/// <summary>In what a candidate's start differs from the others'.</summary>
internal sealed record CandidateStart
{
    public static CandidateStart Usual { get; } = new();

    /// <summary>Its lease.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>Where it finds the store.</summary>
    public string? Endpoint { get; init; }

    /// <summary>What its command line has before <c>dotnet</c>, after what it usually has.</summary>
    public string[] Command { get; init; } = [];

    /// <summary>Whether its wall clock is right, whatever that of others is: the age of a raft member's folder goes by it.</summary>
    public bool HasRightClock { get; init; }

    /// <summary>The raft member that it is, if that is not called as it is.</summary>
    public string? Member { get; init; }
}
