using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LeaderElection.Hosting;

namespace LeaderElection.Playground.Status;

/// <summary>The beat in which the candidate's state is shown: at every change at once, and in an even beat.</summary>
internal sealed class CandidatePulse
{
    /// <summary>Between two ticks.</summary>
    public static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly CandidateRegistry _registry;
    private readonly TimeProvider _time;
    private volatile Candidate? _candidate;
    private volatile Leadership? _latest;

    public CandidatePulse(CandidateRegistry registry, TimeProvider time)
    {
        (_registry, _time) = (registry, time);
        registry.Changed += candidate =>
        {
            _candidate = candidate;
            _latest = candidate.Leadership ?? _latest;
        };
    }

    /// <summary>Why the latest term ended; <see langword="null"/> while there is none that has.</summary>
    public LeadershipEnd? LatestEnd => _latest?.EndReason;

    /// <summary>Who it is, also after it has withdrawn; <see langword="null"/> while it has not joined its election.</summary>
    public CandidateStatus? Known => _candidate?.Status;

    /// <summary>How it stands; <see langword="null"/> before it joins its election, and after it has withdrawn.</summary>
    public CandidateStatus? Current => _registry.Candidates.FirstOrDefault()?.Status;

    /// <summary>Beats at once, and until the candidate has withdrawn, so that the end of its term can be shown while the process stops.</summary>
    /// <param name="interval">Between two ticks, as long as the candidate stands so.</param>
    /// <param name="stopping">Whether a candidate that is not there is one that has withdrawn, not one that is yet to come.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    public async IAsyncEnumerable<Beat> BeatsAsync(
        Func<CandidateStatus?, TimeSpan> interval, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var beats = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleReader = true });
        void OnChanged(Candidate candidate) => beats.Writer.TryWrite(false);
        _registry.Changed += OnChanged;
        try
        {
            var pace = Second;
            await using var timer = _time.CreateTimer(_ => beats.Writer.TryWrite(true), null, pace, pace);
            beats.Writer.TryWrite(false);
            var seen = false;
            await foreach (var isTick in beats.Reader.ReadAllAsync(cancellationToken))
            {
                var status = Current;
                if (status is null && !seen && !stopping.IsCancellationRequested)
                    continue;
                seen = true;
                if (interval(status) is var wanted && wanted != pace)
                    timer.Change(pace = wanted, wanted);
                yield return new Beat(status, isTick);
                if (status is null)
                    yield break;
            }
        }
        finally
        {
            _registry.Changed -= OnChanged;
        }
    }
}
