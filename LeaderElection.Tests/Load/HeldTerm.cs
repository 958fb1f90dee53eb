using LeaderElection.Tests.History;

namespace LeaderElection.Tests.Load;

/// <summary>One leadership of one of many elections, in nanoseconds of the machine's clock.</summary>
internal sealed record HeldTerm(int Election, string Candidate, long Token, long From)
{
    /// <summary>Until when the candidate said that it might believe.</summary>
    public long Believes { get; set; } = From;

    /// <summary>When its <c>Lost</c> fired, or it was killed; <see langword="null"/> while neither happened.</summary>
    public long? Ended { get; set; }

    /// <summary>When it was over: a frozen leader's <c>Lost</c> comes late, and its deadline holds.</summary>
    public long To(bool isFrozen) => Ended is { } ended ? Math.Min(ended, Math.Max(Believes, From)) : isFrozen ? Believes : long.MaxValue;

    /// <summary>As the checker of histories takes it.</summary>
    public IEnumerable<HistoryEvent> Events()
    {
        yield return new HistoryEvent(From, Candidate, EventKind.Elected, Token);
        yield return new HistoryEvent(From, Candidate, EventKind.Believes, Token, Believes);
        if (Ended is { } ended)
            yield return new HistoryEvent(ended, Candidate, EventKind.Lost, Token);
    }
}
