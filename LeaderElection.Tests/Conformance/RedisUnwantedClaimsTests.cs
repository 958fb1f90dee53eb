using LeaderElection.Redis;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>Claims that nobody waits for any more, and that may arrive yet: one look per lease finds those of them all.</summary>
public sealed class RedisUnwantedClaimsTests : RedisTests
{
    private const int Claims = 100;
    private const int Leases = 4;
    private static readonly TimeSpan Interval = Long / 3;

    /// <summary>Whether this is the work of one of those campaigns.</summary>
    private static readonly AsyncLocal<bool> IsUnwanted = new();

    [Fact]
    public async Task Claims_OfUnknownOutcome_AreLookedForTogether()
    {
        var isCut = true;
        var time = new VirtualTime();
        await using var backend = new RedisElectionBackend(
            new()
            {
                ConnectionString = Store.Server.Endpoint,
                LeaseDuration = Long,
                RenewInterval = Interval,
                BeforeRequest = _ => IsUnwanted.Value && Volatile.Read(ref isCut) ? throw new ElectionStoreException("cut off by the test", isTransient: true) : default,
            },
            time: time);
        await backend.CreateElection("kept", "a").CampaignAsync(Late);
        using var calledOff = new CancellationTokenSource();
        IsUnwanted.Value = true;
        var campaigns = Enumerable.Range(0, Claims).Select(i => backend.CreateElection($"e{i}", "a").CampaignAsync(calledOff.Token).AsTask()).ToArray();
        IsUnwanted.Value = false;
        await calledOff.CancelAsync();
        await Task.WhenAll(campaigns.Select(campaign => Record.ExceptionAsync(() => campaign)));
        Volatile.Write(ref isCut, false);
        await RenewAsync(1);
        await Eventually.GetAsync(CallsAsync, calls => calls > Claims, "them to be given back");

        await Store.Server.CliAsync("CONFIG", "RESETSTAT");
        await RenewAsync(3 * Leases);
        var calls = await Eventually.GetAsync(CallsAsync, calls => calls >= (3 * Leases) - 1, "the renewals");
        Assert.InRange(calls, 1, Claims / 2);
        // A renewal has one of its own.
        await Eventually.GetAsync(async () => await Store.Server.CallsAsync("mget") - await CallsAsync(), looks => looks >= Leases - 1, "the looks");
        Assert.InRange(await Store.Server.CallsAsync("mget") - await CallsAsync(), 1, Leases + 1);

        async Task<int> CallsAsync() => await Store.Server.CallsAsync("evalsha") + await Store.Server.CallsAsync("eval");

        async Task RenewAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await Eventually.TrueAsync(() => time.Timers.Any(t => t.EndsWith($" in {Interval.TotalSeconds} s", StringComparison.Ordinal)), "it to be waited for the next renewal");
                time.Advance(Interval);
            }
        }
    }
}
