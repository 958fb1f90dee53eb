using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using LeaderElection.Raft;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Raft;

public sealed class StateFileTests : IDisposable
{
    private static readonly MemberState State = new("c", "m0", 7, [new("a", 3, "m1"), new("b", MemberState.MaxTerm, null)])
    {
        StateId = RaftClusterFiles.StateIdOf(0),
        ClusterId = RaftCluster.ClusterId,
        Members = [.. Enumerable.Range(0, 3).Select(i => new MemberState.Known($"m{i}", RaftClusterFiles.StateIdOf(i)))],
        TimeoutMicroseconds = 150_000,
    };

    private static readonly RaftConfiguration Configuration = RaftCluster.Configuration(0, RaftCluster.List(3), "c");

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly StateFile _file;

    public StateFileTests()
    {
        _path = Path.Combine(_folder.Path, "m0.state");
        _file = new StateFile(_path);
    }

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Load_WhatWasSaved_IsTheSame()
    {
        _file.Save(State);
        AssertSame(State, _file.Load(Configuration));
        var next = State with { Incarnation = 8, Votes = [] };
        _file.Save(next);
        AssertSame(next, _file.Load(Configuration));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Save_MoreVotes_AreWrittenBehindTheStateUntilItIsFull()
    {
        var state = State;
        _file.Save(state);
        var first = File.ReadAllBytes(_path);
        for (var term = 4; term < 4 + StateCodec.Slots; term++)
        {
            state = state with { Votes = [new("a", term, "m2"), .. state.Votes.Skip(1)] };
            _file.Save(state);
            AssertSame(state, _file.Load(Configuration));
            Assert.Equal(first[..StateCodec.SlotsAt(first)], File.ReadAllBytes(_path)[..StateCodec.SlotsAt(first)]);
        }
        state = state with { Votes = [.. state.Votes, new("c", 1, null)] };
        _file.Save(state);
        AssertSame(state, _file.Load(Configuration));
        Assert.NotEqual(first[..StateCodec.SlotsAt(first)], File.ReadAllBytes(_path)[..StateCodec.SlotsAt(first)]);
    }

    [Fact]
    public void Save_ToAFileThatWasDeleted_WritesAllAnew()
    {
        _file.Save(State);
        File.Delete(_path);
        var next = State with { Votes = [.. State.Votes, new("c", 1, "m0")] };
        _file.Save(next);
        AssertSame(next, _file.Load(Configuration));
    }

    [Fact]
    public void Read_AVoteThatAPowerCutKeptFromTheDisk_IsNotThere_OneThatIsDamagedOrMissingIsRefused()
    {
        var file = StateCodec.Write(State);
        Fill(file, 0, new("a", 4, "m2"), new("c", 1, null));
        AssertSame(State with { Votes = [new("a", 4, "m2"), State.Votes[1], new("c", 1, null)] }, StateCodec.Read(file));
        var slots = StateCodec.SlotsAt(file);
        for (var at = 0; at < StateCodec.SlotLength; at++)
        {
            var changed = file.ToArray();
            changed[slots + at] ^= 0x10;
            Assert.Throws<FormatException>(() => StateCodec.Read(changed));
        }
        // It was flushed before the second was written.
        Fill(file, 1, new MemberState.Ballot("a", 5, "m1"));
        file.AsSpan(slots, StateCodec.SlotLength).Clear();
        Assert.Equal("a vote after the state is missing", Assert.Throws<FormatException>(() => StateCodec.Read(file)).Message);
    }

    [Fact]
    public void Slots_AreFarEnoughFromEachOther_ThatADamagedSectorTakesNoneButOne()
    {
        var file = StateCodec.Write(State);
        Assert.Equal(0, StateCodec.SlotsAt(file) % 4096);
        Assert.Equal(0, StateCodec.SlotLength % 4096);
        Assert.Equal(512, StateCodec.Slot(file, [new(new string('n', 128), 1, new string('m', 128))])!.Length);
    }

    [Fact]
    public void Save_MoreVotesThanFitOneSlot_WritesAllAnew()
    {
        _file.Save(State);
        var next = State with { Votes = [.. State.Votes, .. Enumerable.Range(0, 100).Select(i => new MemberState.Ballot($"x{i}", 1, "m0"))] };
        _file.Save(next);
        AssertSame(next, _file.Load(Configuration));
        Assert.Equal(StateCodec.Write(next), File.ReadAllBytes(_path));
    }

    [Fact]
    public void Load_FileOfTheVersionBefore_IsReadWithItsVotes_AndSavedAnew()
    {
        File.WriteAllBytes(_path, EarlierFile());
        var state = _file.Load(Configuration)!;
        Assert.Equal(("c", "m0", 7L, Guid.Empty, MemberState.EarlierCluster), (state.Cluster, state.Member, state.Incarnation, state.StateId, state.ClusterId));
        Assert.Equal([new("a", 4, "m2"), new("b", 9, null)], state.Votes);
        var next = state with { Incarnation = 8, StateId = RaftClusterFiles.StateIdOf(0) };
        _file.Save(next);
        AssertSame(next, _file.Load(Configuration));
    }

    [Fact]
    public void Load_StateOfAnotherListOfMembers_IsRefused_ButNotThatOfAMemberThatNeverVoted()
    {
        _file.Save(State);
        var five = RaftCluster.Configuration(0, RaftCluster.List(5), "c");
        Assert.Equal(
            $"state file {_path} has voted among the members m0,m1,m2, but the configuration names m0,m1,m2,m3,m4: two lists could elect two leaders; start it with the list that it knows",
            Assert.Throws<ElectionStoreException>(() => _file.Load(five)).Message);
        _file.Save(State with { ClusterId = Guid.Empty });
        Assert.NotNull(_file.Load(five));
        // Priorities decide who is asked first, not who may vote.
        Assert.NotNull(_file.Load(RaftCluster.Configuration(0, RaftCluster.List(3, 0, 5), "c")));
    }

    [Fact]
    public void Read_AVoteOfAnotherFile_IsRefused()
    {
        var file = StateCodec.Write(State);
        StateCodec.Slot(StateCodec.Write(State with { Incarnation = 8 }), [new("a", 4, "m2")])!.CopyTo(file, StateCodec.SlotsAt(file));
        Assert.Throws<FormatException>(() => StateCodec.Read(file));
    }

    [Fact]
    public void Read_TwoVotesInATerm_IsRefused()
    {
        var file = StateCodec.Write(State);
        Fill(file, 0, new MemberState.Ballot("a", 3, "m2"));
        Assert.Equal("it has two votes in term 3 of 'a'", Assert.Throws<FormatException>(() => StateCodec.Read(file)).Message);
    }

    [Fact]
    public void Load_NoFile_IsAMemberThatNeverVoted() => Assert.Null(_file.Load(Configuration));

    [Fact]
    public void Save_ThatDiedBeforeTheRename_LeavesTheLastState()
    {
        _file.Save(State);
        File.WriteAllBytes(_path + ".tmp", [1, 2, 3]);
        AssertSame(State, _file.Load(Configuration));
        _file.Save(State);
        AssertSame(State, _file.Load(Configuration));
    }

    [Fact]
    public void Save_IntoAFolderThatIsGone_Fails()
    {
        Directory.Delete(_folder.Path);
        Assert.ThrowsAny<IOException>(() => _file.Save(State));
        Directory.CreateDirectory(_folder.Path);
    }

    [Fact]
    public void Load_DamagedFile_SaysSoInOneLine()
    {
        var bytes = StateCodec.Write(State);
        bytes[20] ^= 1;
        File.WriteAllBytes(_path, bytes);
        var e = Assert.Throws<ElectionStoreException>(() => _file.Load(Configuration));
        Assert.False(e.IsTransient);
        Assert.Equal($"state file {_path} cannot be trusted: its checksum is wrong; do not restore it from a copy, which does not hold the last votes: empty the folder, and the member is let in again once it has links to all others", e.Message);
    }

    [Theory]
    [InlineData("c", 1, "belongs to member m0 of cluster 'c', not to m1 of 'c'")]
    [InlineData("d", 0, "belongs to member m0 of cluster 'c', not to m0 of 'd'")]
    public void Load_FileOfAnother_IsRefused(string cluster, int member, string expected)
    {
        _file.Save(State);
        Assert.Equal($"state file {_path} {expected}", Assert.Throws<ElectionStoreException>(() => _file.Load(RaftCluster.Configuration(member, RaftCluster.List(3), cluster))).Message);
    }

    [Fact]
    public void Read_AnyTruncationOrChangedByte_IsRefused()
    {
        var bytes = StateCodec.Write(State);
        for (var at = 0; at < bytes.Length; at++)
        {
            Assert.Throws<FormatException>(() => StateCodec.Read(bytes.AsSpan(0, at)));
            var changed = bytes.ToArray();
            changed[at] ^= 0x10;
            Assert.Throws<FormatException>(() => StateCodec.Read(changed));
        }
        Assert.Throws<FormatException>(() => StateCodec.Read([.. bytes, 0]));
    }

    [Fact]
    public void Read_OtherVersion_SaysWhich()
    {
        var bytes = StateCodec.Write(State);
        bytes[6] = 4;
        Assert.Equal("it has version 4; this member knows versions 2 and 3", Assert.Throws<FormatException>(() => StateCodec.Read(bytes)).Message);
    }

    [Fact]
    public void Write_TheLargestState_CanBeRead()
    {
        var name = new string('n', 123);
        var votes = Enumerable.Range(0, MemberState.MaxElections).Select(i => new MemberState.Ballot($"{name}{i:D5}", 1, name)).ToArray();
        AssertSame(State with { Votes = votes }, StateCodec.Read(StateCodec.Write(State with { Votes = votes })));
    }

    private static void Fill(byte[] file, int slot, params MemberState.Ballot[] votes) =>
        StateCodec.Slot(file, votes)!.CopyTo(file, StateCodec.SlotsAt(file) + (slot * StateCodec.SlotLength));

    /// <summary>As version 2 wrote it, with a vote behind the state.</summary>
    private static byte[] EarlierFile()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write("LERAFT\u0002\u0000"u8);
        var writer = new ByteWriter(output);
        writer.Int32(0);
        writer.Name("c");
        writer.Name("m0");
        writer.Int64(7);
        writer.Int32(2);
        Vote(writer, "a", 3, "m1");
        Vote(writer, "b", 9, "");
        var head = output.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), head.Length + 32);
        byte[] state = [.. head, .. SHA256.HashData(head)];
        output.Clear();
        Vote(writer, "a", 4, "m2");
        byte[] vote = [.. output.WrittenSpan, .. new byte[480 - output.WrittenCount]];
        byte[] slot = [.. SHA256.HashData([.. state[^32..], .. vote]), .. vote];
        // The second of two that were written together arrived.
        return [.. state, .. new byte[512 - state.Length], .. new byte[512], .. slot, .. new byte[62 * 512]];

        static void Vote(ByteWriter to, string election, long term, string votedFor)
        {
            to.Name(election);
            to.Int64(term);
            to.Name(votedFor);
        }
    }

    private static void AssertSame(MemberState expected, MemberState? actual)
    {
        Assert.True(expected.HasHeadOf(actual!));
        Assert.Equal(expected.Votes, actual!.Votes);
    }
}
