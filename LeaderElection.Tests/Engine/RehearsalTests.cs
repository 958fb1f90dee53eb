using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Rehearsing;
using LeaderElection.Telemetry;

namespace LeaderElection.Tests.Engine;

public sealed class RehearsalTests
{
    /// <summary>It returns only after a hand-over in each round.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_HandsOver_AndIsSeenInNoTelemetry(bool isQueue)
    {
        var seen = new ConcurrentQueue<string>();
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == ElectionTelemetry.Name)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        meters.Start();
        using var spans = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ElectionTelemetry.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("election.strategy") as string == Rehearsal.Strategy)
                    seen.Enqueue(activity.OperationName);
            },
        };
        ActivitySource.AddActivityListener(spans);

        var (first, second) = isQueue ? QueueStage.CreatePair() : LeaseStage.CreatePair();
        await Rehearsal.RunAsync(first, second, meters.RecordObservableInstruments);

        Assert.Empty(seen);
        Assert.True(first.IsDisposed && second.IsDisposed);

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Value as string == Rehearsal.Strategy)
                    seen.Enqueue(instrument.Name);
            }
        }
    }

    /// <summary>So that what tests count is what they did.</summary>
    [Fact]
    public void Rehearse_FollowsTheRunTimeSetting()
    {
        Assert.True(AppContext.TryGetSwitch("LeaderElection.Rehearse", out var isOn));
        Assert.False(isOn);
        LeaseOptions options = new FileElectionOptions { Directory = "none" };
        Assert.False(options.Rehearse);
    }
}
