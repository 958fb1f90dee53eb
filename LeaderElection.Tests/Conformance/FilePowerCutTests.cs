using System.Buffers.Binary;
using System.Text;
using LeaderElection.FileSystem;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

/// <summary>What a power cut leaves in a folder, and what is flushed so that it leaves enough.</summary>
public sealed class FilePowerCutTests : FileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(233)]
    public async Task Campaign_LeaseFileEmptyOrZeros_WaitsALeaseAndGoesOnAboveTheToken(int zeros)
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await leader.ResignAsync(Late);
        await File.WriteAllBytesAsync(LeasePath, new byte[zeros]);
        var next = await Backend(lease: Store.Lease).CreateElection("e", "b").CampaignAsync(Late);
        Assert.Equal(leader.FencingToken + 1, next.FencingToken);
        Assert.Contains(Store.Log.Lines, l => l.Contains("entry is gone without a resignation", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(233)]
    public async Task Leader_LeaseFileEmptiedUnderIt_Stops(int zeros)
    {
        var leader = await Backend().CreateElection("e", "a").CampaignAsync(Late);
        await File.WriteAllBytesAsync(LeasePath + ".new", new byte[zeros]);
        File.Move(LeasePath + ".new", LeasePath, overwrite: true);
        await Eventually.TrueAsync(() => leader.EndReason == LeadershipEnd.Superseded, "the leader to stop");
    }

    [Fact]
    public void ReadLease_EmptyOnANetworkFolder_IsRefused()
    {
        File.WriteAllBytes(LeasePath, []);
        Assert.Null(Open(isNetwork: false).ReadLease("e"));
        var error = Assert.Throws<ElectionStoreException>(() => Open(isNetwork: true).ReadLease("e"));
        Assert.Contains("it is empty", error.Message);
    }

    [Fact]
    public async Task Campaign_ReleasedLeaseFileOfBefore_GoesOnAboveTheTokenInTheLockFile()
    {
        await WriteTokenAsync(700);
        await File.WriteAllBytesAsync(LeasePath, new LeaseFile(300, null).ToBytes());
        Assert.Equal(701, (await Backend().CreateElection("e", "a").CampaignAsync(Late)).FencingToken);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(80)]
    public async Task Campaign_LeaderOfThePreviousBoot_IsWaitedOutAndTheTokenKeptRising(int? zerosInItsLease)
    {
        // Its process's file was never flushed: it is gone, or has lost its content; and nobody has it locked.
        await WriteTokenAsync(700);
        var lease = new LeaseFile(300, new LeaseFile.Leader(
            "of-before", Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"), Store.Lease, TimeProvider.System.GetUtcNow(), "previous-boot"));
        if (zerosInItsLease is { } zeros)
            await File.WriteAllBytesAsync(Path.Combine(Store.Folder, $"{lease.Holder!.LeaseId}.alive"), new byte[zeros]);
        await File.WriteAllBytesAsync(LeasePath, lease.ToBytes());
        Assert.Equal(701, (await Backend(lease: Store.Lease).CreateElection("e", "a").CampaignAsync(Late)).FencingToken);
        Assert.Contains(Store.Log.Lines, l => l.Contains("entry is gone without a resignation", StringComparison.Ordinal));
    }

    [Fact]
    public void WriteToken_DeviceThatCannotBeFlushed_Throws()
    {
        using var locked = new ElectionFolder.Lock(new FileStream("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0));
        Assert.Contains("cannot flush", Assert.Throws<IOException>(() => locked.WriteToken(5)).Message);
    }

    [Fact]
    public async Task WriteToken_FlushesTheFolderForTheFirstTokenAlone()
    {
        var folder = Open(isNetwork: false);
        using var locked = await folder.LockAsync("e", Late);
        Assert.Equal(1, FlushesOfTheFolder(() => locked.WriteToken(5)));
        Assert.Equal(0, FlushesOfTheFolder(() => locked.WriteToken(6)));
        Assert.Equal(6, locked.ReadToken());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void WriteLease_FlushesTheFolderOnANetworkAlone(bool isNetwork, int flushes)
    {
        var folder = Open(isNetwork);
        Assert.Equal(flushes, FlushesOfTheFolder(() => folder.WriteLease("e", new LeaseFile(5, null))));
        Assert.Equal(new LeaseFile(5, null), folder.ReadLease("e"));
    }

    /// <summary>How often the folder is opened, which is how it is flushed.</summary>
    private int FlushesOfTheFolder(Action action)
    {
        const uint opened = 0x20;
        const uint isFolder = 0x4000_0000;
        const string marker = "marker";
        using var inotify = Unix.InotifyInit();
        Assert.True(Unix.InotifyAddWatch(inotify, Store.Folder, opened) >= 0);
        action();
        File.WriteAllText(Path.Combine(Store.Folder, marker), "");
        var flushes = 0;
        Span<byte> buffer = stackalloc byte[16 * 1024];
        while (true)
        {
            var events = buffer[..(int)Unix.Read(inotify, buffer)];
            while (!events.IsEmpty)
            {
                var name = events.Slice(16, (int)BinaryPrimitives.ReadUInt32LittleEndian(events[12..]));
                if (Encoding.UTF8.GetString(name.TrimEnd((byte)0)) == marker)
                    return flushes;
                if ((BinaryPrimitives.ReadUInt32LittleEndian(events[4..]) & isFolder) != 0)
                    flushes++;
                events = events[(16 + name.Length)..];
            }
        }
    }

    private ElectionFolder Open(bool isNetwork) => ElectionFolder.Open(Store.Folder, create: false, TimeProvider.System, isNetwork);

    private async Task WriteTokenAsync(long token)
    {
        using var locked = await Open(isNetwork: false).LockAsync("e", Late);
        locked.WriteToken(token);
    }
}
