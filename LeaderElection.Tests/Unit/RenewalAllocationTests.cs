using System.Runtime.CompilerServices;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Tests.Unit;

/// <summary>What a renewal allocates once the pools are warm.</summary>
public sealed class RenewalAllocationTests
{
    // Code that is not compiled to its last tier yet may allocate: as many as that takes.
    private const int Renewals = 5000;

    [Fact]
    public async Task Renewal_OfALeaseAtAStoreThatAnswers_AllocatesNothing()
    {
        await using var backend = new CountingBackend();
        await using var leadership = await backend.CreateElection("e", "c").CampaignAsync();
        var least = await backend.LeastPerRenewal.WaitAsync(Eventually.Limit, TimeProvider.System);
        Assert.Equal(0, least);
        Assert.True(leadership.IsValid);
    }

    [Fact]
    public void Renewal_OfAProcessLeaseInAFolder_AllocatesNothing()
    {
        using var folder = new TemporaryFolder();
        using var alive = AliveFile.Create(folder.File("l.alive"), sent: 0, flushes: false);
        var least = long.MaxValue;
        var i = 0;
        while (least > 0 && ++i < Renewals)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            alive.Renew(i);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.Equal((i + 1, i), AliveFile.Read(alive.Path));
    }

    /// <summary>A store that grants everything at once, and measures what happens between two renewals.</summary>
    private sealed class CountingBackend() : LeaseBackend(
        "file", new FileElectionOptions { Directory = "none", LeaseDuration = TimeSpan.FromSeconds(60), RenewInterval = TimeSpan.FromMilliseconds(1) }, null, NullLogger.Instance)
    {
        private readonly TaskCompletionSource<long> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private (int Thread, long Allocated) _last;
        private long _least = long.MaxValue;
        private int _count;

        /// <summary>
        /// The least that a thread allocated from one renewal to the next, both of which it made: what it did for others in
        /// between can only add to that.
        /// </summary>
        public Task<long> LeastPerRenewal => _found.Task;

        protected internal override ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken) =>
            new(ClaimReply.Won(new LeaderInfo(claim.CandidateId, 1, DateTimeOffset.UnixEpoch)));

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        protected internal override async ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken)
        {
            // As an answer over the network would come.
            await Task.Yield();
            var now = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
            if (now.CurrentManagedThreadId == _last.Thread)
                _least = Math.Min(_least, now.Item2 - _last.Allocated);
            if (_least == 0 || ++_count == Renewals)
                _found.TrySetResult(_least);
            _last = (now.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
            return RenewReply.Renewed;
        }

        protected internal override ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) => default;

        protected internal override ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken) => default;

        protected override ValueTask PingStoreAsync(CancellationToken cancellationToken) => default;

        protected override ValueTask CloseAsync() => default;
    }
}
