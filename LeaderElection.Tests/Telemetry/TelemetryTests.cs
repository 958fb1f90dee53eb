using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LeaderElection.Board;
using LeaderElection.Leases;
using LeaderElection.Raft.Transport;
using LeaderElection.Telemetry;
using LeaderElection.Tests.Engine;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Telemetry;

/// <summary>What is measured and traced, against docs/telemetry.md. Other tests measure beside it: what they do must be documented as well.</summary>
public sealed partial class TelemetryTests : IDisposable
{
    private readonly MemoryStore _store = new();
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(20), TimeProvider.System);

    public void Dispose() => _late.Dispose();

    [Fact]
    public async Task Metrics_HaveNoAttributeButThoseDocumented()
    {
        var documented = Documented();
        var measured = new ConcurrentDictionary<string, ConcurrentDictionary<string, bool>>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Meter.Name is ElectionTelemetry.Name or "LeaderElection.Board")
                all.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Measured(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Measured(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Measured(instrument, tags));
        listener.Start();

        await using (var backend = Backend(out var cut))
        {
            var leader = await backend.CreateElection("telemetry", "a").CampaignAsync(_late.Token);
            await Eventually.TrueAsync(() => _store.Renewals > 0, "a renewal");
            listener.RecordObservableInstruments();
            cut.Value = true;
            // After a silent end the next one knows for how long there was no leader.
            await using var second = Backend(out _);
            await (await second.CreateElection("telemetry", "b").CampaignAsync(_late.Token)).ResignAsync(_late.Token);
            Assert.False(leader.IsValid);
            cut.Value = false;
        }
        ElectionTelemetry.Refused("reply", "memory");
        new Refusals(_ => { }, TimeProvider.System).Add("telemetry", RefusalReason.Garbage, "a test's");
        BoardTelemetry.LedgerWrites.Add(0, new("election.name", "telemetry"), new("election.ledger.outcome", "accepted"));

        await Eventually.TrueAsync(
            () => documented.All(metric => measured.TryGetValue(metric.Key, out var attributes) && metric.Value.SetEquals(attributes.Keys)),
            $"exactly what is documented; measured was {string.Join("; ", measured.Select(m => $"{m.Key}: {string.Join(' ', m.Value.Keys)}"))}");
        Assert.Equal(documented.Keys.Order(), measured.Keys.Order());

        void Measured(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var attributes = measured.GetOrAdd(instrument.Name, _ => new ConcurrentDictionary<string, bool>());
            foreach (var tag in tags)
                attributes[tag.Key] = true;
        }
    }

    [Fact]
    public async Task Campaign_ThatIsRefused_IsAnErrorInItsTrace()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ElectionTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var backend = new MemoryBackend(_store, new LeaseOptions())
        {
            Executed = _ => throw new ElectionStoreException("wrong password", isTransient: false),
        };
        await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("refused-campaign", "a").CampaignAsync(_late.Token).AsTask());
        await Eventually.TrueAsync(
            () => ended.Any(span => span.GetTagItem("election.name") is "refused-campaign" && span.OperationName == "campaign"
                && span.Status == ActivityStatusCode.Error && span.StatusDescription == "wrong password" && span.GetTagItem("error.type") is "refused"),
            "the span");
    }

    private static Dictionary<string, HashSet<string>> Documented()
    {
        var page = File.ReadLines(Path.Combine(BuildOutput.Repository, "docs", "telemetry.md"));
        return page.Where(line => line.StartsWith("| `leader_election.", StringComparison.Ordinal)).Select(line => line.Split('|'))
            .ToDictionary(row => row[1].Trim(' ', '`'), row => Attribute().Matches(row[4]).Select(m => m.Groups[1].Value).ToHashSet());
    }

    [GeneratedRegex("`([a-z_.]+)`")]
    private static partial Regex Attribute();

    private MemoryBackend Backend(out StrongBox<bool> isCut)
    {
        var cut = isCut = new StrongBox<bool>();
        return new MemoryBackend(_store, new LeaseOptions
        {
            LeaseDuration = TimeSpan.FromMilliseconds(600),
            BeforeRequest = _ => Volatile.Read(ref cut.Value) ? throw new ElectionStoreException("cut off by the test", isTransient: true) : default,
        });
    }
}
