using BenchmarkDotNet.Attributes;
using LeaderElection.Leases;

namespace LeaderElection.Benchmarks.Micro;

/// <summary>What a renewal does to the clock, and what a user asks of it in a loop.</summary>
public class LeaseClockBenchmarks
{
    private readonly LeaseClock _clock = new(TimeProvider.System, TimeSpan.FromHours(1), drift: 0.01, TimeSpan.FromSeconds(1));

    [GlobalSetup]
    public void Start() => _clock.Confirm(TimeProvider.System.GetTimestamp());

    [Benchmark]
    public bool Confirm() => _clock.Confirm(TimeProvider.System.GetTimestamp());

    [Benchmark]
    public bool IsValid() => _clock.IsValid;
}
