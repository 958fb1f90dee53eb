using System.Collections.Concurrent;

namespace LeaderElection.Hosting;

/// <summary>Every candidate of this process that a <see cref="LeaderService"/> runs; for status pages and health checks.</summary>
public sealed class CandidateRegistry
{
    private readonly ConcurrentDictionary<Candidate, bool> _candidates = new();

    /// <summary>The candidates, in no order.</summary>
    public IReadOnlyCollection<Candidate> Candidates => [.. _candidates.Keys];

    /// <summary>
    /// Raised after a candidate was added, changed, or withdrew; on the thread pool, for each candidate one change after
    /// another. What a subscriber throws is logged.
    /// </summary>
    public event Action<Candidate>? Changed;

    internal void Add(Candidate candidate)
    {
        _candidates[candidate] = true;
        candidate.Changed += () => Raise(candidate);
        Raise(candidate);
    }

    internal void Remove(Candidate candidate)
    {
        _candidates.TryRemove(candidate, out _);
        Raise(candidate);
    }

    private void Raise(Candidate candidate)
    {
        foreach (var subscriber in Delegate.EnumerateInvocationList(Changed))
            candidate.Raise(() => subscriber(candidate));
    }
}
