using LeaderElection.Leases;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>
/// What every strategy must bear that asks servers over a network: every kind of request that arrives when nobody wants it
/// any more, every kind of answer that does not, news that never come, and lines that die without a word. For each kind there is an
/// election of its own, and all are tried at once, on the same servers.
/// </summary>
public abstract class NetworkConformance : IAsyncLifetime
{
    /// <summary>Nothing that a test waits for comes of the end of such a lease.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    /// <summary>Several of the short leases, and less than the clients of the stores wait by themselves.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly List<IAsyncDisposable> _used = [];
    private INetworkStore _store = null!;
    private StoreLine _good = null!;

    private CancellationToken Late => _late.Token;

    public async Task InitializeAsync()
    {
        _store = await StartStoreAsync();
        _good = Line();
    }

    public async Task DisposeAsync()
    {
        // Lines go last: a process that cannot tell its end waits for that.
        foreach (var some in _used.AsEnumerable().Reverse().GroupBy(u => u is StoreLine).OrderBy(g => g.Key))
            await Task.WhenAll(some.Select(u => u.DisposeAsync().AsTask()));
        await _store.DisposeAsync();
        _late.Dispose();
    }

    protected abstract Task<INetworkStore> StartStoreAsync();

    [Fact]
    public Task Requests_ThatArriveWhenTheirProcessIsGone_DoNoHarm() => EachAsync(
        ("claim", election => ArrivesLateAsync(election, isLed: false, async (gone, line) =>
        {
            line.DropRequests();
            return gone.CreateElection(election, "gone").CampaignAsync(Late).AsTask();
        })),
        ("join", election => ArrivesLateAsync(election, isLed: true, async (gone, line) =>
        {
            line.DropRequests();
            return gone.CreateElection(election, "gone").CampaignAsync(Late).AsTask();
        })),
        ("renewal", election => ArrivesLateAsync(election, isLed: false, async (gone, line) =>
        {
            await gone.CreateElection(election, "gone").CampaignAsync(Late);
            line.DropRequests();
            return Task.CompletedTask;
        })),
        ("resignation", election => ArrivesLateAsync(election, isLed: false, async (gone, line) =>
        {
            var leader = await gone.CreateElection(election, "gone").CampaignAsync(Late);
            line.DropRequests();
            return leader.ResignAsync(Late).AsTask();
        })),
        ("withdrawal", election => ArrivesLateAsync(election, isLed: true, async (gone, line) =>
        {
            var stop = new CancellationTokenSource();
            var campaign = await FollowAsync(gone, election, "gone", stop.Token);
            line.DropRequests();
            await stop.CancelAsync();
            return campaign;
        })));

    [Fact]
    public Task Requests_ThatArriveWhenTheirSeatHasLeft_DoNoHarm() => EachAsync(
        ("claim", election => ArrivesAfterItsSeatLeftAsync(election, isLed: false)),
        ("join", election => ArrivesAfterItsSeatLeftAsync(election, isLed: true)));

    /// <summary>Found by trial: a lost answer to a claim cost a lease, as what it had won stood in the way of its own retry.</summary>
    [Fact]
    public Task Answers_ThatAreLost_CostARetryAndNoLease() => EachAsync(
        ("first", async election =>
        {
            var line = Line();
            line.DropAnswers();
            var campaign = Backend(line, Long).CreateElection(election, "a").CampaignAsync(Late).AsTask();
            await LoseAnswerAsync(line);
            Assert.True((await campaign).IsValid);
        }),
        ("claim", async election =>
        {
            var line = Line();
            var backend = Backend(line, Long);
            await (await backend.CreateElection(election + "-before", "a").CampaignAsync(Late)).ResignAsync(Late);
            line.DropAnswers();
            var campaign = backend.CreateElection(election, "a").CampaignAsync(Late).AsTask();
            await EntriesAsync(election, 1);
            await LoseAnswerAsync(line);
            var leader = await campaign;
            await EntriesAsync(election, 1);
            await leader.ResignAsync(Late);
            Assert.True((await Backend(_good, Long).CreateElection(election, "b").CampaignAsync(Late)).FencingToken > leader.FencingToken);
        }),
        ("join", async election =>
        {
            var first = await Backend(_good, Long).CreateElection(election, "first").CampaignAsync(Late);
            var line = Line();
            var backend = Backend(line, Long);
            await backend.CreateElection(election + "-other", "a").CampaignAsync(Late);
            line.DropAnswers();
            var campaign = backend.CreateElection(election, "a").CampaignAsync(Late).AsTask();
            await EntriesAsync(election, _store.HasQueue ? 2 : 1);
            await LoseAnswerAsync(line);
            await FollowsAsync(backend);
            await EntriesAsync(election, _store.HasQueue ? 2 : 1);
            await first.ResignAsync(Late);
            Assert.True((await campaign).FencingToken > first.FencingToken);
        }),
        ("renewal", election => Eventually.OnceAsync(
            async () =>
            {
                var lease = TimeSpan.FromSeconds(6);
                var line = Line();
                await using var seat = Backend(line, lease).CreateElection(election, "a");
                var leader = await seat.CampaignAsync(Late);
                line.DropAnswers();
                await Eventually.TrueAsync(() => leader.LeaseRemaining < lease * 0.45, "a renewal to be overdue");
                await LoseAnswerAsync(line);
                await Eventually.TrueAsync(() => leader.LeaseRemaining > lease * 0.6 || !leader.IsValid, "the next renewal");
                return leader.IsValid;
            },
            "the next renewal is in time")),
        ("resignation", async election =>
        {
            var line = Line();
            var backend = Backend(line, Long);
            var leader = await backend.CreateElection(election, "a").CampaignAsync(Late);
            var other = await backend.CreateElection(election + "-other", "a").CampaignAsync(Late);
            var next = await FollowAsync(Backend(_good, Long), election, "b");
            line.DropAnswers();
            var resigning = leader.ResignAsync(Late).AsTask();
            var second = await next;
            await LoseAnswerAsync(line);
            await Record.ExceptionAsync(() => resigning);
            Assert.True(other.IsValid);
            var again = await FollowAsync(backend, election, "a");
            Assert.True(second.IsValid);
            await second.ResignAsync(Late);
            Assert.True((await again).FencingToken > second.FencingToken);
        }),
        ("withdrawal", async election =>
        {
            var first = await Backend(_good, Long).CreateElection(election, "first").CampaignAsync(Late);
            var line = Line();
            var backend = Backend(line, Long);
            await backend.CreateElection(election + "-other", "a").CampaignAsync(Late);
            using var stop = new CancellationTokenSource();
            var campaign = await FollowAsync(backend, election, "a", stop.Token);
            line.DropAnswers();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign);
            await EntriesAsync(election, 1);
            if (_store.HasQueue)
                await LoseAnswerAsync(line);
            line.CutAndResume();
            await first.ResignAsync(Late);
            Assert.True((await Backend(_good, Long).CreateElection(election, "b").CampaignAsync(Late)).FencingToken > first.FencingToken);
        }),
        ("look", async election =>
        {
            var first = await Backend(_good, Long).CreateElection(election, "first").CampaignAsync(Late);
            var line = Line();
            var backend = Backend(line, Long);
            await backend.PingAsync(Late);
            line.DropAnswers();
            await using var observer = backend.CreateElection(election, "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
            var seen = SeesAsync(observer, leader => leader?.FencingToken == first.FencingToken);
            await LoseAnswerAsync(line);
            await seen;
        }));

    /// <summary>No wake-up is trusted to come: one look per lease finds out.</summary>
    [Fact]
    public Task News_ThatNeverCome_AreFoundWithinALease() => EachAsync(
        ("candidate", async election =>
        {
            var leader = await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
            var line = Line();
            var next = await FollowAsync(Backend(line, Short), election, "b");
            var lost = LoseNews(line);
            await leader.ResignAsync(Late);
            Assert.True((await next).FencingToken > leader.FencingToken);
            Assert.True(lost());
        }),
        ("observer", async election =>
        {
            var leader = await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
            var line = Line();
            await using var observer = Backend(line, Short).CreateElection(election, "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
            await SeesAsync(observer, seen => seen?.CandidateId == "a");
            var lost = LoseNews(line);
            await leader.ResignAsync(Late);
            await SeesAsync(observer, seen => seen is null);
            await Backend(_good, Long).CreateElection(election, "b").CampaignAsync(Late);
            await SeesAsync(observer, seen => seen?.CandidateId == "b");
            Assert.True(lost());
        }));

    /// <summary>As when a firewall forgets a connection, or a machine goes without a word: TCP alone notices after a quarter of an hour.</summary>
    [Fact]
    public Task Line_ThatCarriesNothingAnyMore_IsLeftForANewOne() => EachAsync(
        ("candidate", async election =>
        {
            var leader = await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
            var line = Line();
            var next = await FollowAsync(Backend(line, Short), election, "b");
            line.Strand();
            await leader.ResignAsync(Late);
            Assert.True((await next.WaitAsync(Soon, TimeProvider.System)).FencingToken > leader.FencingToken);
        }),
        ("observer", async election =>
        {
            var leader = await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
            var line = Line();
            await using var observer = Backend(line, Short).CreateElection(election, "o").ObserveAsync(Late).GetAsyncEnumerator(Late);
            await SeesAsync(observer, seen => seen?.CandidateId == "a");
            line.Strand();
            await leader.ResignAsync(Late);
            await Backend(_good, Long).CreateElection(election, "b").CampaignAsync(Late);
            await SeesAsync(observer, seen => seen?.CandidateId == "b");
        }),
        ("leader", async election =>
        {
            var line = Line();
            var lease = Short;
            var seat = Backend(line, lease).CreateElection(election, "a");
            var leader = await seat.CampaignAsync(Late);
            line.Strand();
            var least = lease;
            await Eventually.TrueAsync(
                () =>
                {
                    least = new[] { least, leader.LeaseRemaining }.Min();
                    return leader.LeaseRemaining > least + (lease / 10) || !leader.IsValid;
                },
                "it to go on, or to stop");
            if (!leader.IsValid)
                Assert.True((await seat.CampaignAsync(Late)).FencingToken > leader.FencingToken);
        }));

    /// <summary>Sessions and leases at the edge of their end: whether it goes on or not, it never leads beside another.</summary>
    [Fact]
    public Task Line_DownForAboutALease_OneLeadsAtATime() => EachAsync([.. new[] { 0.6, 0.8, 0.9, 1, 1.1, 1.3 }.Select((part, i) => ($"edge-{i}", Edge(part)))]);

    private Func<string, Task> Edge(double part) => async election =>
    {
        var line = Line();
        var leader = await Backend(line, Short).CreateElection(election, "a").CampaignAsync(Late);
        var next = await FollowAsync(Backend(_good, Long), election, "b");
        var overlaps = Overlaps.Of(leader, next);
        line.Drop();
        await Task.Delay(Short * part, TimeProvider.System, Late);
        line.Resume();
        await Eventually.TrueAsync(() => leader.LeaseRemaining > Short / 2 || next.IsCompleted, "one of them to lead");
        Assert.False(overlaps());
        if (!next.IsCompleted)
            await leader.ResignAsync(Late);
        var second = await next;
        Assert.False(leader.IsValid || overlaps());
        Assert.True(second.IsValid && second.FencingToken > leader.FencingToken);
    };

    /// <summary>A request that is held until its process, and all that it had at the store, is gone.</summary>
    /// <param name="election">The election.</param>
    /// <param name="isLed">Whether another leads from the beginning.</param>
    /// <param name="sendAsync">Has the process send it, when nothing gets through; returns what nobody waits for.</param>
    private async Task ArrivesLateAsync(string election, bool isLed, Func<IElectionBackend, StoreLine, Task<Task>> sendAsync)
    {
        var leader = isLed ? await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late) : null;
        var line = Line();
        var gone = Backend(line, Short);
        await gone.CreateElection(election + "-other", "gone").CampaignAsync(Late);
        var unwanted = await sendAsync(gone, line);
        _ = Record.ExceptionAsync(() => unwanted);
        await Eventually.TrueAsync(() => line.HoldsRequests, "it to be under way");
        // That its session has ended, the next leader of its other election knows.
        await Backend(_good, Long).CreateElection(election + "-other", "b").CampaignAsync(Late);
        leader ??= await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
        await gone.DisposeAsync();
        await line.DeliverAsync().WaitAsync(Eventually.Limit, TimeProvider.System);
        await NextIsElectedAsync(election, leader);
    }

    /// <summary>A request whose candidate goes home while it is held, in a process that goes on.</summary>
    private async Task ArrivesAfterItsSeatLeftAsync(string election, bool isLed)
    {
        var leader = isLed ? await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late) : null;
        var line = Line();
        var hasty = Backend(line, Long);
        var other = await hasty.CreateElection(election + "-other", "hasty").CampaignAsync(Late);
        line.DropRequests();
        using var stop = new CancellationTokenSource();
        var campaign = hasty.CreateElection(election, "hasty").CampaignAsync(stop.Token).AsTask();
        await Eventually.TrueAsync(() => line.HoldsRequests, "it to be under way");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign);
        line.Resume();
        leader ??= await Backend(_good, Long).CreateElection(election, "a").CampaignAsync(Late);
        await NextIsElectedAsync(election, leader);
        Assert.True(other.IsValid);
    }

    /// <summary>The leader leads still, and nothing stands in the way of the next.</summary>
    private async Task NextIsElectedAsync(string election, Leadership leader)
    {
        Assert.True(leader.IsValid, $"{leader.EndReason}");
        var next = await FollowAsync(Backend(_good, Long), election, "next");
        await leader.ResignAsync(Late);
        Assert.True((await next.WaitAsync(Eventually.Limit, TimeProvider.System)).FencingToken > leader.FencingToken);
    }

    private Task EntriesAsync(string election, int count) =>
        Eventually.GetAsync(() => _store.EntriesAsync(election), entries => entries == count, $"{count} candidates to be entered in {election}");

    private static async Task LoseAnswerAsync(StoreLine line)
    {
        await Eventually.TrueAsync(() => line.HoldsAnswers, "the answer");
        line.CutAndResume();
    }

    /// <returns>Whether there was any.</returns>
    private Func<bool> LoseNews(StoreLine line)
    {
        var lost = false;
        line.RewriteAnswers(answers =>
        {
            lost |= _store.LoseNews(answers);
            return answers;
        });
        return () => lost;
    }

    private async Task<Task<Leadership>> FollowAsync(IElectionBackend backend, string election, string candidate, CancellationToken? stop = null)
    {
        var campaign = backend.CreateElection(election, candidate).CampaignAsync(stop ?? Late).AsTask();
        await Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1 || campaign.IsCompleted, "the follower to wait");
        return campaign;
    }

    private static Task FollowsAsync(IElectionBackend backend) =>
        Eventually.TrueAsync(() => ((StoreBackend)backend).FollowerCount == 1, "the follower to wait");

    private static async Task SeesAsync(IAsyncEnumerator<LeaderInfo?> observer, Func<LeaderInfo?, bool> fits)
    {
        do
            Assert.True(await observer.MoveNextAsync());
        while (!fits(observer.Current));
    }

    private StoreLine Line()
    {
        var line = _store.OpenLine();
        lock (_used) _used.Add(line);
        return line;
    }

    private IElectionBackend Backend(StoreLine line, TimeSpan lease)
    {
        var backend = _store.CreateBackend(line, lease);
        lock (_used) _used.Add(backend);
        return backend;
    }

    /// <summary>All at once; what fails says which it was.</summary>
    private static Task EachAsync(params (string Kind, Func<string, Task> RunAsync)[] kinds) => Task.WhenAll(kinds.Select(async kind =>
    {
        try
        {
            await kind.RunAsync(kind.Kind);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{kind.Kind}: {e.Message}", e);
        }
    }));
}
