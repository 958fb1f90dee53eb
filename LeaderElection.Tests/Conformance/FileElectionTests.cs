using System.Text;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>What can befall the files of an election: one clear error each, and never a second leader.</summary>
public sealed class FileElectionTests : FileTests
{
    public static TheoryData<string, byte[]> Damages => new()
    {
        { "not a lease file", "somebody's notes\n"u8.ToArray() },
        { "not a lease file", new byte[5000] },
        { "checksum", Encoding.UTF8.GetBytes("leader-election 1 released 5 sha256:0000000000000000\n") },
        { "truncated", Encoding.UTF8.GetBytes("leader-election 1 held 5 a") },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Campaign_DamagedLeaseFile_IsRefusedInOneLineAndElectsNobody(string reason, byte[] content)
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        await File.WriteAllBytesAsync(LeasePath, content);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => Backend().CreateElection("e", "b").CampaignAsync(Late).AsTask());
        Assert.Contains(reason, error.Message);
        Assert.Contains(LeasePath, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(error.IsTransient);
        Assert.Equal(content, await File.ReadAllBytesAsync(LeasePath));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Leader_LeaseFileDamagedUnderIt_Stops(string reason, byte[] content)
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await File.WriteAllBytesAsync(LeasePath + ".new", content);
        File.Move(LeasePath + ".new", LeasePath, overwrite: true);
        await Eventually.TrueAsync(() => leader.EndReason == LeadershipEnd.Superseded, "the leader to stop");
        await Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains(reason, StringComparison.Ordinal)), "a line that says why");
    }

    [Fact]
    public async Task Campaign_LeaseFileVanishedWhileNobodyWatched_WaitsALeaseAndKeepsTheTokensRising()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        File.Delete(LeasePath);
        var next = await Backend(lease: Store.Lease).CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(next.FencingToken > leader.FencingToken);
        Assert.Contains(Store.Log.Lines, l => l.Contains("entry is gone without a resignation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leader_WhoseNotificationIsLost_LooksAtEachRenewal()
    {
        // Renewed much earlier than it runs out.
        var backend = (FileElectionBackend)Backend(lease: TimeSpan.FromSeconds(6));
        var leader = await backend.CreateElection("e", "a").CampaignAsync(Late);
        backend.Watcher!.Dispose();
        backend.Watcher = new DeafWatcher();
        File.Delete(LeasePath);
        await Eventually.TrueAsync(() => leader.EndReason is not null, "the leader to hear of it");
        Assert.Equal(LeadershipEnd.Superseded, leader.EndReason);
    }

    [Theory]
    [InlineData(DriveType.Fixed, true)]
    [InlineData(DriveType.Ram, true)]
    [InlineData(DriveType.Network, false)]
    [InlineData(DriveType.Unknown, false)]
    [InlineData(DriveType.NoRootDirectory, false)]
    public void FileSystem_CountsAsLocal_OnlyIfItIsKnownToBe(DriveType type, bool expected) =>
        Assert.Equal(expected, ElectionFolder.IsKnownToBeLocal(type));

    [Theory]
    [InlineData(null, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void SharedBetweenMachines_OverridesWhatTheSystemSays(bool? option, bool expected) =>
        Assert.Equal(expected, ElectionFolder.Open(Store.Folder, create: false, TimeProvider.System, option).IsNetwork);

    [MountFact]
    public async Task Campaign_ThroughAnotherMountOfTheFolder_IsRefused_WhileTheOtherLeads()
    {
        await using var overlay = await OverMount.MountAsync(Store.Folder);
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        var error = await Assert.ThrowsAsync<ElectionStoreException>(() => Backend(overlay.Path).CreateElection("e", "b").CampaignAsync(Late).AsTask());
        Assert.Equal($"folder {overlay.Path}: a leads there through another mount of this machine, and locks do not pass from one to the other; use one of them", error.Message);
        Assert.True(leader.IsValid);
    }

    [MountFact]
    public async Task Leader_ThroughAnotherMountOfTheFolder_IsNotTakenForDead()
    {
        await using var overlay = await OverMount.MountAsync(Store.Folder);
        var leader = await Backend(overlay.Path).CreateElection("e", "a").CampaignAsync(Late);
        // Its lock is not seen on this side.
        await Assert.ThrowsAsync<ElectionStoreException>(() => Backend().CreateElection("e", "b").CampaignAsync(Late).AsTask());
        Assert.True(leader.IsValid);
    }

    [Fact]
    public async Task Campaign_WholeFolderEmptied_KeepsTheTokensRising()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        foreach (var file in Directory.GetFiles(Store.Folder))
            File.Delete(file);
        var next = await Backend(lease: Store.Lease).CreateElection("e", "b").CampaignAsync(Late);
        Assert.True(next.FencingToken > leader.FencingToken);
    }

    [Fact]
    public async Task Campaign_FolderMissing_SaysSo()
    {
        var folder = Path.Combine(Store.Folder, "missing");
        var error = await RefusedAsync(folder);
        Assert.Contains("does not exist; create it, or mount", error.Message);
        Assert.Contains(folder, error.Message);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Campaign_FolderIsAFile_SaysSo()
    {
        var path = Path.Combine(Store.Folder, "file");
        await File.WriteAllTextAsync(path, "");
        Assert.DoesNotContain('\n', (await RefusedAsync(path)).Message);
    }

    [MountFact]
    public async Task Campaign_DiskFull_IsReportedElectsNobodyAndGoesOnWhenThereIsSpace()
    {
        await using var disk = await SmallDisk.MountAsync("size=64k");
        await using var backend = new FileElectionBackend(
            new FileElectionOptions { Directory = disk.Path, LeaseDuration = TimeSpan.FromSeconds(6) }, Store.Log.For<FileElectionBackend>());
        // Some candidates, so that the folder has its files; then nothing fits any more.
        var first = await backend.CreateElection("e", "a").CampaignAsync(Late);
        var filler = Path.Combine(disk.Path, "filler");
        await disk.FillAsync(filler);
        // A leader goes on: a renewal needs no space.
        Assert.True(await Eventually.RenewedAsync(first));
        var second = backend.CreateElection("another", "a").CampaignAsync(Late).AsTask();
        await Eventually.TrueAsync(() => Store.Log.Lines.Any(l => l.Contains($"folder {disk.Path}: is full", StringComparison.Ordinal)), "a line that says so");
        Assert.False(second.IsCompleted);
        File.Delete(filler);
        await second;
    }

    [MountFact]
    public async Task Campaign_ReadOnlyDisk_SaysSo()
    {
        await using var disk = await SmallDisk.MountAsync("ro");
        Assert.Contains("read-only", (await RefusedAsync(disk.Path)).Message);
    }

    [Fact]
    public async Task Leader_ProcessLeaseFileDeleted_Stops()
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        File.Delete(Assert.Single(Directory.GetFiles(Store.Folder, "*.alive")));
        await Eventually.TrueAsync(() => !leader.IsValid, "the leader to stop");
    }

    [Fact]
    public async Task Claim_LeaderOfAnotherMachine_IsWaitedForUntilALeaseAfterItsLastRenewal()
    {
        var time = new VirtualTime();
        await using var backend = new FileElectionBackend(
            new FileElectionOptions { Directory = Store.Folder, LeaseDuration = TimeSpan.FromSeconds(10) }, time: time);
        var (path, lease) = await ForeignLeaderAsync();
        var almost = lease.Holder!.Duration * 0.9;
        for (long count = 2; count < 6; count++)
        {
            Assert.Equal(ClaimAnswer.Held, (await ((LeaseBackend)backend).ClaimAsync(Claim(), Late)).Answer);
            time.Advance(almost);
            // Another machine's renewals, as a network folder would bring them: with a clock that means nothing here.
            WriteAlive(path, count);
        }
        Assert.Equal(ClaimAnswer.Held, (await ((LeaseBackend)backend).ClaimAsync(Claim(), Late)).Answer);
        time.Advance(almost);
        Assert.Equal(ClaimAnswer.Held, (await ((LeaseBackend)backend).ClaimAsync(Claim(), Late)).Answer);
        time.Advance(almost);
        var reply = await ((LeaseBackend)backend).ClaimAsync(Claim(), Late);
        Assert.Equal(ClaimAnswer.Won, reply.Answer);
        Assert.True(reply.Leader!.FencingToken > lease.FencingToken);
    }

    [Fact]
    public async Task Lock_FileReplacedWhileHeld_DoesNotLetTwoIn()
    {
        var folder = ElectionFolder.Open(Store.Folder, create: false, TimeProvider.System);
        using var first = await folder.LockAsync("e", Late);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => folder.LockAsync("e", soon.Token));
        // Whoever waited on the deleted file must notice that it holds the lock of nothing.
        first.Dispose();
        using var second = await folder.LockAsync("e", Late);
        second.WriteToken(5);
        Assert.Equal(5, second.ReadToken());
    }

    [Fact]
    public async Task LeaseFile_VanishesAgainWhileItIsWaitedOut_TheWaitBeginsAnew()
    {
        var time = new VirtualTime();
        await using var backend = new FileElectionBackend(
            new FileElectionOptions { Directory = Store.Folder, LeaseDuration = TimeSpan.FromSeconds(10) }, time: time);
        await File.WriteAllTextAsync(Path.ChangeExtension(LeasePath, ".lock"), "00000000000000000005");
        Assert.Equal(ClaimAnswer.Wait, (await ClaimAsync()).Answer);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.InRange((await ClaimAsync()).Remaining, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(2));
        // Another was elected meanwhile, whom this one never saw.
        File.Delete(LeasePath);
        Assert.InRange((await ClaimAsync()).Remaining, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(11));
        time.Advance(TimeSpan.FromSeconds(11));
        var reply = await ClaimAsync();
        Assert.Equal(ClaimAnswer.Won, reply.Answer);
        Assert.Equal(6, reply.Leader!.FencingToken);

        ValueTask<ClaimReply> ClaimAsync() => ((LeaseBackend)backend).ClaimAsync(Claim(), Late);
    }

    [Theory]
    [InlineData(4, " vanished 5 ")]
    [InlineData(5, " released 5 ")]
    public async Task LeaseFile_Vanished_IsGivenBackByTheOneThatLedLast(long token, string entry)
    {
        var backend = (LeaseBackend)Backend();
        await File.WriteAllTextAsync(Path.ChangeExtension(LeasePath, ".lock"), "00000000000000000005");
        Assert.Equal(ClaimAnswer.Wait, (await backend.ClaimAsync(Claim(), Late)).Answer);
        var another = Claim();
        await backend.GiveBackAsync(new LeaseRelease(another.LeaseId, another, token, EndsLease: false), Late);
        Assert.Contains(entry, await File.ReadAllTextAsync(LeasePath));
    }

    [Fact]
    public async Task Dispose_LeavesNoProcessLeaseBehind()
    {
        var backend = Backend();
        await backend.CreateElection("e", "a").CampaignAsync(Late);
        Assert.Single(Directory.GetFiles(Store.Folder, "*.alive"));
        await backend.DisposeAsync();
        Assert.Empty(Directory.GetFiles(Store.Folder, "*.alive"));
        Assert.Empty(Directory.GetFiles(Store.Folder, "*.tmp"));
    }

    [Fact]
    public async Task TakeOver_FromADeadProcess_RemovesItsLeaseWhenNoElectionNamesItAnyMore()
    {
        // One process led two elections, and died.
        var (path, lease) = await DeadLeaderAsync();
        await File.WriteAllBytesAsync(Path.Combine(Store.Folder, "other.lease"), lease.ToBytes());
        var backend = Backend(lease: Store.Lease);
        Assert.True((await backend.CreateElection("e", "a").CampaignAsync(Late)).FencingToken > lease.FencingToken);
        // It has swept when another that nobody names is gone; this one still tells candidates that they need not wait.
        var unnamed = Path.Combine(Store.Folder, $"{Guid.NewGuid():N}.alive");
        WriteAlive(unnamed, 1);
        await Eventually.TrueAsync(() => !File.Exists(unnamed), "the sweep");
        Assert.True(File.Exists(path));
        await backend.CreateElection("other", "a").CampaignAsync(Late);
        await Eventually.TrueAsync(() => Directory.GetFiles(Store.Folder, "*.alive").Length == 1, "only the leader's own to be left");
    }

    [Fact]
    public async Task Campaign_LeaseFileCannotBeWritten_LeavesNoProcessLeaseBehind()
    {
        var obstacle = Directory.CreateDirectory(LeasePath + ".tmp");
        var backend = Backend(lease: Store.Lease);
        await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(Late).AsTask());
        Assert.Empty(Directory.GetFiles(Store.Folder, "*.alive"));
        obstacle.Delete();
        await backend.CreateElection("e", "a").CampaignAsync(Late);
    }

    private static LeaseClaim Claim() => new()
    {
        Election = "e",
        CandidateId = "a",
        ClaimId = Guid.NewGuid().ToString("N"),
        LeaseId = Guid.NewGuid().ToString("N"),
        LongestLease = TimeSpan.FromSeconds(10),
    };

    private static void WriteAlive(string path, long count) => File.WriteAllBytes(path, AliveFile.ToBytes(count, sent: 0));

    private Task<(string Path, LeaseFile Lease)> ForeignLeaderAsync() => LeaderAsync("another-machine");

    private Task<(string Path, LeaseFile Lease)> DeadLeaderAsync() => LeaderAsync(HostIdentity.Of(Store.Folder));

    /// <summary>What a leader has written, without one that holds the lock.</summary>
    private async Task<(string Path, LeaseFile Lease)> LeaderAsync(string host)
    {
        var lease = new LeaseFile(100, new LeaseFile.Leader(
            "far", Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"), TimeSpan.FromSeconds(3), TimeProvider.System.GetUtcNow(), host));
        var path = Path.Combine(Store.Folder, lease.Holder!.LeaseId + ".alive");
        WriteAlive(path, 1);
        await File.WriteAllBytesAsync(LeasePath, lease.ToBytes());
        return (path, lease);
    }

    private async Task<ElectionStoreException> RefusedAsync(string folder)
    {
        await using var backend = new FileElectionBackend(new FileElectionOptions { Directory = folder });
        return await Assert.ThrowsAsync<ElectionStoreException>(() => backend.CreateElection("e", "a").CampaignAsync(Late).AsTask());
    }

    /// <summary>Says that it watches, and tells nothing.</summary>
    private sealed class DeafWatcher() : FolderWatcher(_ => { }, _ => { }, () => { })
    {
        public override void Dispose()
        {
        }
    }
}
