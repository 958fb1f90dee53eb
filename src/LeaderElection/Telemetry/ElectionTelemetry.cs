using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using LeaderElection.Rehearsing;

namespace LeaderElection.Telemetry;

/// <summary>The names under which elections are seen: give them to OpenTelemetry's <c>AddSource</c> and <c>AddMeter</c>.</summary>
public static class ElectionTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "LeaderElection";

    private const string ElectionTag = "election.name";
    private const string CandidateTag = "election.candidate";
    private const string StrategyTag = "election.strategy";
    private const string TokenTag = "election.fencing_token";
    private const string EndReasonTag = "election.end_reason";
    private const string RenewalOutcomeTag = "election.renewal.outcome";
    private const string RefusedInputTag = "election.refused.input";

    /// <summary>OpenTelemetry's own.</summary>
    private const string ErrorTypeTag = "error.type";

    private static readonly string? Version = typeof(ElectionTelemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource Source = new(Name, Version);
    private static readonly Meter Meter = new(Name, Version);

    // The default boundaries are made for milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 1800, 3600, 86400],
    };

    // Who stands in which election, and leads it or not: what the gauges tell when they are asked. A seat that nobody
    // else holds any more goes, disposed or not.
    private static readonly ConditionalWeakTable<Election, StrongBox<Leadership?>> Seats = [];

    private static readonly Counter<long> Leaderships = Meter.CreateCounter<long>(
        "leader_election.leaderships", "{leadership}", "Leaderships won.");

    private static readonly Histogram<double> CampaignDuration = Meter.CreateHistogram<double>(
        "leader_election.campaign.duration", "s", "From the start of a campaign until elected.", tags: null, Seconds);

    private static readonly Histogram<double> LeadershipDuration = Meter.CreateHistogram<double>(
        "leader_election.leadership.duration", "s", "From being elected until the leadership ended.", tags: null, Seconds);

    private static readonly Histogram<double> FailoverDuration = Meter.CreateHistogram<double>(
        "leader_election.failover.duration", "s", "From the last sign of life of the leader before until this candidate is elected.", tags: null, Seconds);

    private static readonly Counter<long> Renewals = Meter.CreateCounter<long>(
        "leader_election.renewals", "{renewal}", "Renewals of the process's lease, by outcome.");

    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>(
        "leader_election.refused", "{refusal}", "Inputs from elsewhere that made no sense and were not believed, by what they were.");

    static ElectionTelemetry()
    {
        Meter.CreateObservableGauge(
            "leader_election.is_leader",
            static () => from s in Seats
                         group s.Value.Value by (s.Key.Name, s.Key.Strategy) into led
                         select new Measurement<int>(led.Any(leadership => leadership is { IsValid: true }) ? 1 : 0, Tags(led.Key.Name, led.Key.Strategy)),
            description: "1 while a candidate of this process leads, else 0.");
        Meter.CreateObservableGauge(
            "leader_election.lease.remaining",
            static () => from s in Seats
                         where s.Value.Value is not null
                         group s.Value.Value!.LeaseRemaining by (s.Key.Name, s.Key.Strategy) into led
                         select new Measurement<double>(led.Max().TotalSeconds, Tags(led.Key.Name, led.Key.Strategy)),
            "s",
            "For how long the leader may believe without another renewal.");
    }

    /// <summary>Counts an input that made no sense and was refused: an answer of a store, a file. For authors of election strategies.</summary>
    /// <param name="what">What it should have been, of few different values, such as <c>reply</c>.</param>
    /// <param name="strategy">The strategy that read it; <see langword="null"/> for other readers.</param>
    public static void Refused(string what, string? strategy = null)
    {
        var tags = new TagList { { RefusedInputTag, what } };
        if (strategy is not null)
            tags.Add(StrategyTag, strategy);
        Count(Refusals, tags);
    }

    /// <summary>A campaign begins.</summary>
    /// <returns>Its span; give it to <see cref="EndCampaign"/>.</returns>
    internal static Activity? Campaign(Election election)
    {
        if (!Rehearsal.Is(election.Strategy))
            Seats.GetOrCreateValue(election);
        return Start("campaign", election);
    }

    internal static void EndCampaign(Activity? campaign, DateTimeOffset at, Exception? failure)
    {
        if (failure is not null)
        {
            campaign?.SetTag(ErrorTypeTag, ErrorType(failure));
            campaign?.SetStatus(ActivityStatusCode.Error, failure.Message);
        }
        campaign?.SetEndTime(at.UtcDateTime);
        campaign?.Stop();
    }

    /// <summary>Takes note at once; what calls loggers and listeners is left to <see cref="BecameLeader"/>.</summary>
    internal static void Leads(Election election, Leadership leadership)
    {
        if (Rehearsal.Is(election.Strategy))
            return;
        Seats.GetOrCreateValue(election).Value = leadership;
        leadership.Told = StartEvent("became leader", election, leadership);
    }

    internal static void LeadsNoMore(Election election, Leadership leadership)
    {
        if (Seats.TryGetValue(election, out var seat))
            Interlocked.CompareExchange(ref seat.Value, null, leadership);
    }

    internal static void BecameLeader(
        Election election, Leadership leadership, DateTimeOffset at, TimeSpan campaign, TimeSpan? leaderless, Action log)
    {
        // Ended at once, so that it shows when it happens and not when the leadership is over.
        EndEvent(leadership.Told, at, log);
        if (Rehearsal.Is(election.Strategy))
            return;
        Leaderships.Add(1, Tags(election));
        CampaignDuration.Record(campaign.TotalSeconds, Tags(election));
        if (leaderless is { } gap)
            FailoverDuration.Record(gap.TotalSeconds, Tags(election));
    }

    internal static void Ended(Election election, Leadership leadership, LeadershipEnd reason, DateTimeOffset at, TimeSpan duration, Action log)
    {
        var activity = StartEvent(reason == LeadershipEnd.Resigned ? "resign" : "lost leadership", election, leadership);
        activity?.SetStartTime(at.UtcDateTime);
        activity?.SetTag(EndReasonTag, reason.ToString());
        if (reason != LeadershipEnd.Resigned)
        {
            activity?.SetTag(ErrorTypeTag, reason.ToString());
            activity?.SetStatus(ActivityStatusCode.Error, $"{election.CandidateId} lost the leadership: {reason}");
        }
        EndEvent(activity, at, log);
        if (Rehearsal.Is(election.Strategy))
            return;
        LeadershipDuration.Record(duration.TotalSeconds, Tags(election));
    }

    internal static void Withdrawn(Election election) => Seats.Remove(election);

    /// <param name="strategy">The strategy.</param>
    /// <param name="outcome">Of few different values.</param>
    /// <param name="failure">Why there is no answer.</param>
    internal static void Renewal(string strategy, string outcome, Exception? failure = null)
    {
        if (Rehearsal.Is(strategy))
            return;
        var tags = new TagList { { StrategyTag, strategy }, { RenewalOutcomeTag, outcome } };
        if (failure is not null)
            tags.Add(ErrorTypeTag, ErrorType(failure));
        Count(Renewals, tags);
    }

    /// <summary>What kind of failure it is: of few different values, those of the store by name and others by their type.</summary>
    internal static string ErrorType(Exception failure) => failure switch
    {
        ElectionStoreException { IsTransient: false } => "refused",
        ElectionStoreException { InnerException: OperationCanceledException or TimeoutException } => "timeout",
        ElectionStoreException => "unavailable",
        _ => failure.GetType().FullName!,
    };

    private static void Count(Counter<long> counter, in TagList tags)
    {
        try
        {
            counter.Add(1, tags);
        }
        catch (Exception)
        {
            // A listener's own: it is not to end a renewal.
        }
    }

    private static Activity? Start(string name, Election election)
    {
        if (Rehearsal.Is(election.Strategy))
            return null;
        try
        {
            var activity = Source.StartActivity(name);
            activity?.SetTag(ElectionTag, election.Name);
            activity?.SetTag(CandidateTag, election.CandidateId);
            activity?.SetTag(StrategyTag, election.Strategy);
            return activity;
        }
        catch (Exception)
        {
            // A listener's own: it is not to end a campaign.
            return null;
        }
    }

    /// <summary>
    /// An event, with its line in the log, as a trace of its own that is linked to what goes on: lists of traces show
    /// the name of the first span only, and what goes on may be a campaign that began hours ago, or a timer's flow that
    /// belongs to nothing.
    /// </summary>
    private static Activity? StartEvent(string name, Election election, Leadership leadership)
    {
        var current = Activity.Current;
        Activity.Current = null;
        var activity = Start(name, election);
        if (current is not null)
            activity?.AddLink(new ActivityLink(current.Context));
        activity?.SetTag(TokenTag, leadership.FencingToken);
        Activity.Current = current;
        return activity;
    }

    private static void EndEvent(Activity? activity, DateTimeOffset at, Action log)
    {
        Activity.Current = activity;
        log();
        activity?.SetEndTime(at.UtcDateTime);
        activity?.Stop();
    }

    private static TagList Tags(Election election) => Tags(election.Name, election.Strategy);

    // Not the candidate: its name may have a process id in it, and a metric would remember each.
    private static TagList Tags(string name, string strategy) => new()
    {
        { ElectionTag, name },
        { StrategyTag, strategy },
    };
}
