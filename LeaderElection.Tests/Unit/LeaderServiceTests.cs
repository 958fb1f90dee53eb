using LeaderElection.Hosting;
using LeaderElection.Tests.Conformance;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Unit;

public sealed class LeaderServiceTests : IAsyncLifetime
{
    private readonly VirtualTime _time = new();
    private readonly LineLogger _log = new();
    private readonly ScriptedBackend _backend;
    private readonly Work _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServiceProvider _services = null!;

    public LeaderServiceTests() => _backend = new ScriptedBackend(_time);

    private Candidate Candidate => Assert.Single(_services.GetRequiredService<CandidateRegistry>().Candidates);

    public async Task InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddSingleton(_work);
        services.AddSingleton(_log.For<Work>());
        services.AddLogging();
        services.AddElectionBackend("scripted", _ => _backend);
        services.AddLeaderService<Work>("e", o => (o.CandidateId, o.EndProcessAfter, o.EndProcess) = ("c", TimeSpan.FromMinutes(1), _ended.SetResult));
        _services = services.BuildServiceProvider();
        foreach (var hosted in _services.GetServices<IHostedService>())
            await hosted.StartAsync(default);
        await CampaignsAsync(1);
    }

    public async Task DisposeAsync()
    {
        _work.Finish();
        await StopAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task LeaseRunsOut_WorkIsTold_AndTheServiceCampaignsAgainAtOnce()
    {
        _backend.Elect();
        await _work.StartedAsync(1);
        Assert.Equal(CandidateRole.Leader, Candidate.Status.Role);
        _time.Advance(TimeSpan.FromSeconds(30));
        await CampaignsAsync(2);
        Assert.True(_work.WasTold);
        Assert.Equal(CandidateRole.Follower, Candidate.Status.Role);
        Assert.Empty(_backend.Story);
    }

    [Fact]
    public async Task WorkReturns_Resigns_RestsAndCampaignsAgain()
    {
        _backend.Elect();
        await _work.StartedAsync(1);
        _work.Finish();
        await Eventually.TrueAsync(() => _backend.Story is ["released"] && _time.TimerCount > 0, "the resignation, and the rest");
        Assert.Equal(1, _backend.Campaigns);
        _time.Advance(TimeSpan.FromSeconds(1));
        await CampaignsAsync(2);
    }

    [Fact]
    public async Task WorkThrows_ResignsLogsAndBacksOffLongerEachTime()
    {
        var pauses = new List<TimeSpan>();
        for (var i = 1; i <= 4; i++)
        {
            _backend.Elect();
            await _work.StartedAsync(i);
            _work.Fail();
            await Eventually.TrueAsync(() => _backend.Story.Count == i && _time.TimerCount > 0, "the resignation, and the back-off");
            var pause = TimeSpan.Zero;
            while (!_backend.IsCampaigning)
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                pause += TimeSpan.FromMilliseconds(100);
                await Task.Yield();
                if (_time.TimerCount == 0)
                    await CampaignsAsync(i + 1);
            }
            pauses.Add(pause);
        }
        Assert.All(_backend.Story, s => Assert.Equal("released", s));
        Assert.Equal(4, _log.Lines.Count(l => l.Contains("the work of c as leader of e failed", StringComparison.Ordinal)));
        // 1, 2, 4, 8 s, of which half is chance.
        Assert.True(pauses[0] >= TimeSpan.FromSeconds(0.5) && pauses[3] >= TimeSpan.FromSeconds(4), string.Join(", ", pauses));
    }

    [Fact]
    public async Task StoreRefuses_IsLoggedInOneLineAndTriedAgain()
    {
        _backend.Refuse(new ElectionStoreException("wrong password", isTransient: false));
        await Eventually.TrueAsync(() => _time.TimerCount > 0, "the back-off");
        await LoggedAsync("c cannot campaign for e: wrong password; next attempt in");
        _time.Advance(TimeSpan.FromSeconds(30));
        await CampaignsAsync(2);
    }

    [Fact]
    public async Task StoreFails_InAWayThatIsNotItsOwn_IsTriedAgainAsWell()
    {
        _backend.Refuse(new FormatException("a client's mistake"));
        await Eventually.TrueAsync(() => _time.TimerCount > 0, "the back-off");
        await LoggedAsync("c cannot campaign for e: a client's mistake; next attempt in");
        _time.Advance(TimeSpan.FromSeconds(30));
        await CampaignsAsync(2);
    }

    [Fact]
    public async Task Changed_SubscriberThrows_IsLoggedAndHurtsNobody()
    {
        var registry = _services.GetRequiredService<CandidateRegistry>();
        registry.Changed += _ => throw new InvalidOperationException("a subscriber's own");
        Candidate.Changed += () => throw new InvalidOperationException("a subscriber's own");
        _backend.Elect();
        await _work.StartedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(30));
        await CampaignsAsync(2);
        _backend.Elect();
        await _work.StartedAsync(2);
        _work.Finish();
        await StopAsync();
        Assert.Equal(["released", "seat given up"], _backend.Story);
        await LoggedAsync("a subscriber to the changes of c in e failed");
    }

    [Fact]
    public async Task Changed_SubscriberHangs_HoldsUpNobody()
    {
        using var hangs = new ManualResetEventSlim();
        _services.GetRequiredService<CandidateRegistry>().Changed += _ => hangs.Wait();
        await Task.Run(_backend.Elect);
        await _work.StartedAsync(1);
        _work.Finish();
        await Eventually.TrueAsync(() => _backend.Story is ["released"], "the resignation");
        hangs.Set();
    }

    [Fact]
    public async Task Health_WorkThatDoesNotStop_IsDegraded()
    {
        _work.IsStubborn = true;
        _backend.Elect();
        await _work.StartedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => Candidate.WorksOnFor is not null, "the end of the term to be noticed");
        _time.Advance(TimeSpan.FromSeconds(35));
        var report = await HealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal(CandidateRole.Stopping, Candidate.Status.Role);
        Assert.Contains("e: the work has not stopped 35 s after the leadership ended", report.Entries["leader-election-scripted"].Description);
    }

    [Fact]
    public async Task EndProcessAfter_WorkThatDoesNotStop_EndsTheProcess()
    {
        _work.IsStubborn = true;
        _backend.Elect();
        await _work.StartedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => _work.WasTold && Candidate.Status.Role == CandidateRole.Stopping, "the end of the term");
        Assert.False(_ended.Task.IsCompleted);
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(20));
                return _ended.Task.IsCompleted;
            },
            "the end of the process");
        Assert.Contains(_log.Lines, l => l.Contains("the process ends", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_WhileLeading_TellsTheWorkWaitsForItAndReleases()
    {
        _backend.Elect();
        await _work.StartedAsync(1);
        var stopping = StopAsync();
        await Eventually.TrueAsync(() => _work.WasTold, "the work to be told");
        Assert.Empty(_backend.Story);
        Assert.False(stopping.IsCompleted);
        _work.Finish();
        await stopping;
        Assert.Equal(["released", "seat given up"], _backend.Story);
    }

    [Fact]
    public async Task Stop_WhileWaiting_GivesUpTheSeat()
    {
        await StopAsync();
        Assert.Equal(["seat given up"], _backend.Story);
        Assert.Empty(_services.GetRequiredService<CandidateRegistry>().Candidates);
    }

    [Fact]
    public async Task Status_OfAFollower_TellsTheObservedLeader()
    {
        await Eventually.TrueAsync(() => Candidate.Status.ObservedLeader is not null, "the observed leader");
        Assert.Equal("somebody", Candidate.Status.ObservedLeader!.CandidateId);
        Assert.Null(Candidate.Status.FencingToken);
    }

    [Fact]
    public async Task Health_WithLessThanAThirdOfTheLease_IsDegraded()
    {
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync()).Status);
        _backend.Elect();
        await _work.StartedAsync(1);
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync()).Status);
        _time.Advance(TimeSpan.FromSeconds(21));
        var report = await HealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("e: 9.0 s of 30.0 s of the lease left", report.Entries["leader-election-scripted"].Description);
        Assert.Contains("leader, fencing token 1", (string)report.Entries["leader-election-scripted"].Data["e"]);
    }

    [Fact]
    public async Task Health_StoreOutOfReach_IsDegraded()
    {
        _backend.PingFailure = () => new ElectionStoreException("no connection", isTransient: true);
        var report = await HealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("store: no connection", report.Entries["leader-election-scripted"].Description);
    }

    [Fact]
    public void AddLeaderService_BadElection_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddLeaderService<Work>("a/b"));

    [Theory]
    [InlineData("worker", "service.instance.id=abc,x=y", "worker-abc")]
    [InlineData("my worker", "service.instance.id=abc", "my-worker-abc")]
    public void DefaultCandidateId_UnderAspire_IsTheReplicasName(string service, string attributes, string expected) =>
        Assert.Equal(expected, DefaultCandidateId.Create(name => name == "OTEL_SERVICE_NAME" ? service : attributes));

    [Fact]
    public void DefaultCandidateId_Elsewhere_IsMachineAndProcess() =>
        Assert.EndsWith($"-{Environment.ProcessId}", DefaultCandidateId.Create(_ => null));

    private Task LoggedAsync(string text) =>
        Eventually.TrueAsync(() => _log.Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"a line with '{text}'", TimeSpan.FromSeconds(5));

    private Task<HealthReport> HealthAsync() => _services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    private Task CampaignsAsync(int count) => Eventually.TrueAsync(() => _backend.Campaigns == count, $"campaign {count}");

    private Task StopAsync() => Task.WhenAll(_services.GetServices<IHostedService>().Select(h => h.StopAsync(default)));

    private sealed class Work : LeaderService
    {
        private volatile TaskCompletionSource _end = new();
        private volatile int _started;

        public bool WasTold { get; private set; }

        /// <summary>Whether it goes on after its term.</summary>
        public bool IsStubborn { get; set; }

        public Task StartedAsync(int count) => Eventually.TrueAsync(() => _started == count, $"start {count} of the work");

        public void Finish() => _end.TrySetResult();

        public void Fail() => _end.TrySetException(new InvalidOperationException("the work failed"));

        protected internal override async Task LeadAsync(Leadership leadership, CancellationToken lost)
        {
            var end = _end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Increment(ref _started);
            await using var told = lost.Register(() =>
            {
                WasTold = true;
                // A term that ends by itself ends the work; one that is resigned from waits for the test's word.
                if (leadership.EndReason == LeadershipEnd.LeaseRanOut && !IsStubborn)
                    end.TrySetResult();
            });
            await end.Task;
        }
    }
}
