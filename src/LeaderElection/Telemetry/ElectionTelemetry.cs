using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

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

    private static readonly string? Version = typeof(ElectionTelemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource Source = new(Name, Version);
    private static readonly Meter Meter = new(Name, Version);

    // The default boundaries are made for milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 1800, 3600, 86400],
    };

    // Who stands in which election, and leads it or not: what the gauges tell when they are asked.
    private static readonly ConcurrentDictionary<Election, Leadership?> Seats = new();

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
            static () => Seats.Select(s => new Measurement<int>(s.Value is { IsValid: true } ? 1 : 0, Tags(s.Key))),
            description: "1 while this candidate leads, else 0.");
        Meter.CreateObservableGauge(
            "leader_election.lease.remaining",
            static () => from s in Seats
                         where s.Value is not null
                         select new Measurement<double>(s.Value!.LeaseRemaining.TotalSeconds, Tags(s.Key)),
            "s",
            "For how long the leader may believe without another renewal.");
    }

    /// <summary>Counts an input that made no sense and was refused: an answer of a store, a file. For authors of election strategies.</summary>
    /// <param name="what">What it should have been, of few different values, such as <c>reply</c>.</param>
    /// <param name="strategy">The strategy that read it; <see langword="null"/> for other readers.</param>
    public static void Refused(string what, string? strategy = null)
    {
        var tags = new TagList { { "what", what } };
        if (strategy is not null)
            tags.Add(StrategyTag, strategy);
        Count(Refusals, tags);
    }

    /// <summary>A campaign begins.</summary>
    /// <returns>Its span; give it to <see cref="EndCampaign"/>.</returns>
    internal static Activity? Campaign(Election election)
    {
        Seats.TryAdd(election, null);
        return Start("campaign", election);
    }

    internal static void EndCampaign(Activity? campaign, DateTimeOffset at)
    {
        campaign?.SetEndTime(at.UtcDateTime);
        campaign?.Stop();
    }

    /// <summary>Takes note at once; what calls loggers and listeners is left to <see cref="BecameLeader"/>.</summary>
    internal static void Leads(Election election, Leadership leadership)
    {
        Seats[election] = leadership;
        leadership.Told = StartEvent("became leader", election, leadership);
    }

    internal static void LeadsNoMore(Election election, Leadership leadership) => Seats.TryUpdate(election, null, leadership);

    internal static void BecameLeader(
        Election election, Leadership leadership, DateTimeOffset at, TimeSpan campaign, TimeSpan? leaderless, Action log)
    {
        // Ended at once, so that it shows when it happens and not when the leadership is over.
        EndEvent(leadership.Told, at, log);
        Leaderships.Add(1, Tags(election));
        CampaignDuration.Record(campaign.TotalSeconds, Tags(election));
        if (leaderless is { } gap)
            FailoverDuration.Record(gap.TotalSeconds, Tags(election));
    }

    internal static void Ended(Election election, Leadership leadership, LeadershipEnd reason, DateTimeOffset at, TimeSpan duration, Action log)
    {
        var activity = StartEvent(reason == LeadershipEnd.Resigned ? "resign" : "lost leadership", election, leadership);
        activity?.SetStartTime(at.UtcDateTime);
        activity?.SetTag("election.end_reason", reason.ToString());
        EndEvent(activity, at, log);
        LeadershipDuration.Record(duration.TotalSeconds, Tags(election));
    }

    internal static void Withdrawn(Election election) => Seats.TryRemove(election, out _);

    internal static void Renewal(string strategy, string outcome) =>
        Count(Renewals, new TagList { { StrategyTag, strategy }, { "outcome", outcome } });

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

    private static TagList Tags(Election election) => new()
    {
        { ElectionTag, election.Name },
        { CandidateTag, election.CandidateId },
        { StrategyTag, election.Strategy },
    };
}
