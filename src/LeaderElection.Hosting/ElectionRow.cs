using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>What an election's row says, made of what was observed so far.</summary>
internal sealed class ElectionRow(TimeProvider time)
{
    /// <summary>What the dashboard shows in the column Source.</summary>
    public const string Source = "resource.source";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _candidates = new(StringComparer.Ordinal);
    private LeaderInfo? _leader;
    private bool _observed;
    private string? _trouble;
    private int _leaderships;
    private long _highestToken;
    private long? _leaderlessSince;
    private TimeSpan? _lastGap;

    /// <summary>The store told who leads.</summary>
    public void Observed(LeaderInfo? leader)
    {
        lock (_lock)
        {
            var first = !_observed;
            _observed = true;
            _trouble = null;
            if (leader is null)
            {
                // Before the first leader there is no gap, only a start.
                if (_leader is not null)
                    _leaderlessSince = time.GetTimestamp();
            }
            else if (leader.FencingToken > _highestToken)
            {
                _leaderships++;
                if (!first && _highestToken > 0)
                    _lastGap = _leaderlessSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
                _highestToken = leader.FencingToken;
                _leaderlessSince = null;
            }
            _leader = leader;
        }
    }

    /// <summary>Who leads cannot be learned.</summary>
    public void InTrouble(string problem)
    {
        lock (_lock)
        {
            _trouble = problem;
            _leader = null;
        }
    }

    /// <summary>A replica came or went.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Candidate(string id, string resource, bool isRunning)
    {
        lock (_lock)
            return isRunning ? _candidates.TryAdd(id, resource) : _candidates.Remove(id);
    }

    /// <summary>Writes it all into the row, and leaves what others have written there.</summary>
    public CustomResourceSnapshot Write(CustomResourceSnapshot snapshot)
    {
        lock (_lock)
        {
            if (!_observed && _trouble is null)
                return snapshot with { Properties = With(snapshot.Properties, [Property(ElectionProperties.Candidates, "Candidates", CandidateList(), 6)]) };

            return snapshot with
            {
                State = State(),
                StartTimeStamp = snapshot.StartTimeStamp ?? time.GetUtcNow().UtcDateTime,
                Properties = With(snapshot.Properties, Properties()),
            };
        }
    }

    private ResourceStateSnapshot State() => (_trouble, _leader) switch
    {
        (not null, _) => new("Cannot be observed", KnownResourceStateStyles.Error),
        (_, null) => new("Nobody leads", KnownResourceStateStyles.Warn),
        // What WaitFor and its like look for.
        _ => new(KnownResourceStates.Running, KnownResourceStateStyles.Success),
    };

    /// <summary>
    /// A replica's id begins with the name of its resource, which the rows nested under this one show anyway; where each
    /// candidate is a resource of its own, that is the name people know it by.
    /// </summary>
    private string ShortId(LeaderInfo leader) =>
        !_candidates.TryGetValue(leader.CandidateId, out var resource) || !leader.CandidateId.StartsWith(resource + "-", StringComparison.Ordinal) ? leader.CandidateId
        : _candidates.Values.Distinct().Count() > 1 && _candidates.Values.Count(other => other == resource) == 1 ? resource
        : leader.CandidateId[(resource.Length + 1)..];

    private IEnumerable<ResourcePropertySnapshot> Properties()
    {
        yield return Property(ElectionProperties.Leader, "Leader", _leader?.CandidateId ?? string.Empty, 1);
        if (_leader is { } leader)
        {
            yield return Property(ElectionProperties.FencingToken, "Fencing token", leader.FencingToken, 2);
            // In a column of the list, where the state does not say it.
            yield return new(Source, $"{ShortId(leader)} leads, fencing token {leader.FencingToken.ToString(CultureInfo.InvariantCulture)}");
            yield return Property(ElectionProperties.Since, "Since", leader.ElectedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff zzz", CultureInfo.InvariantCulture), 3);
        }
        yield return Property(ElectionProperties.Leaderships, "Leaderships so far", _leaderships, 4);
        if (_lastGap is { } gap)
            yield return Property(ElectionProperties.LastGap, "Last gap (ms)", (int)gap.TotalMilliseconds, 5);
        yield return Property(ElectionProperties.Candidates, "Candidates", CandidateList(), 6);
        if (_trouble is { } trouble)
            yield return Property("election.trouble", "Trouble", trouble, 7);
    }

    private string CandidateList() => string.Join(", ", _candidates.Keys.Order(StringComparer.Ordinal));

    private static ResourcePropertySnapshot Property(string name, string displayName, object value, int order) =>
        new(name, value) { DisplayName = displayName, SortOrder = order, IsHighlighted = true };

    private static ImmutableArray<ResourcePropertySnapshot> With(ImmutableArray<ResourcePropertySnapshot> others, IEnumerable<ResourcePropertySnapshot> own) =>
        [.. others.Where(property => property.Name != Source && !property.Name.StartsWith("election.", StringComparison.Ordinal)), .. own];
}
