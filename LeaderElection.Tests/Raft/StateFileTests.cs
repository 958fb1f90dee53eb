using LeaderElection.Raft;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Raft;

public sealed class StateFileTests : IDisposable
{
    private static readonly MemberState State = new("c", "m0", 7, [new("a", 3, "m1"), new("b", MemberState.MaxTerm, null)]);

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
        AssertSame(State, _file.Load("c", "m0"));
        var next = State with { Incarnation = 8, Votes = [] };
        _file.Save(next);
        AssertSame(next, _file.Load("c", "m0"));
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
            AssertSame(state, _file.Load("c", "m0"));
            Assert.Equal(first[..StateCodec.SlotsAt(first)], File.ReadAllBytes(_path)[..StateCodec.SlotsAt(first)]);
        }
        state = state with { Votes = [.. state.Votes, new("c", 1, null)] };
        _file.Save(state);
        AssertSame(state, _file.Load("c", "m0"));
        Assert.NotEqual(first[..StateCodec.SlotsAt(first)], File.ReadAllBytes(_path)[..StateCodec.SlotsAt(first)]);
    }

    [Fact]
    public void Save_ToAFileThatWasDeleted_WritesAllAnew()
    {
        _file.Save(State);
        File.Delete(_path);
        var next = State with { Votes = [.. State.Votes, new("c", 1, "m0")] };
        _file.Save(next);
        AssertSame(next, _file.Load("c", "m0"));
    }

    [Fact]
    public void Read_AVoteThatAPowerCutKeptFromTheDisk_IsNotThere_OneThatIsDamagedIsRefused()
    {
        var file = StateCodec.Write(State);
        var slots = StateCodec.SlotsAt(file);
        // The second of two that were written together arrived.
        StateCodec.WriteSlot(file, new("a", 4, "m2"), file.AsSpan(slots + StateCodec.SlotLength, StateCodec.SlotLength));
        AssertSame(State with { Votes = [new("a", 4, "m2"), State.Votes[1]] }, StateCodec.Read(file));
        for (var at = 0; at < StateCodec.SlotLength; at++)
        {
            var changed = file.ToArray();
            changed[slots + StateCodec.SlotLength + at] ^= 0x10;
            Assert.Equal("a vote after the state has a wrong checksum", Assert.Throws<FormatException>(() => StateCodec.Read(changed)).Message);
        }
    }

    [Fact]
    public void Read_AVoteOfAnotherFile_IsRefused()
    {
        var file = StateCodec.Write(State);
        StateCodec.WriteSlot(StateCodec.Write(State with { Incarnation = 8 }), new("a", 4, "m2"), file.AsSpan(StateCodec.SlotsAt(file), StateCodec.SlotLength));
        Assert.Throws<FormatException>(() => StateCodec.Read(file));
    }

    [Fact]
    public void Read_TwoVotesInATerm_IsRefused()
    {
        var file = StateCodec.Write(State);
        StateCodec.WriteSlot(file, new("a", 3, "m2"), file.AsSpan(StateCodec.SlotsAt(file), StateCodec.SlotLength));
        Assert.Equal("it has two votes in term 3 of 'a'", Assert.Throws<FormatException>(() => StateCodec.Read(file)).Message);
    }

    [Fact]
    public void Load_NoFile_IsAMemberThatNeverVoted() => Assert.Null(_file.Load("c", "m0"));

    [Fact]
    public void Save_ThatDiedBeforeTheRename_LeavesTheLastState()
    {
        _file.Save(State);
        File.WriteAllBytes(_path + ".tmp", [1, 2, 3]);
        AssertSame(State, _file.Load("c", "m0"));
        _file.Save(State);
        AssertSame(State, _file.Load("c", "m0"));
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
        var e = Assert.Throws<ElectionStoreException>(() => _file.Load("c", "m0"));
        Assert.False(e.IsTransient);
        Assert.Equal($"state file {_path} cannot be trusted: its checksum is wrong; restore it, or give the member a new id on every member's list", e.Message);
    }

    [Theory]
    [InlineData("c", "m1", "belongs to member m0 of cluster 'c', not to m1 of 'c'")]
    [InlineData("d", "m0", "belongs to member m0 of cluster 'c', not to m0 of 'd'")]
    public void Load_FileOfAnother_IsRefused(string cluster, string member, string expected)
    {
        _file.Save(State);
        Assert.Equal($"state file {_path} {expected}", Assert.Throws<ElectionStoreException>(() => _file.Load(cluster, member)).Message);
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
        bytes[6] = 3;
        Assert.Equal("it has version 3; this member knows version 2", Assert.Throws<FormatException>(() => StateCodec.Read(bytes)).Message);
    }

    [Fact]
    public void Write_TheLargestState_CanBeRead()
    {
        var name = new string('n', 123);
        var votes = Enumerable.Range(0, MemberState.MaxElections).Select(i => new MemberState.Ballot($"{name}{i:D5}", 1, name)).ToArray();
        AssertSame(State with { Votes = votes }, StateCodec.Read(StateCodec.Write(State with { Votes = votes })));
    }

    private static void AssertSame(MemberState expected, MemberState? actual)
    {
        Assert.Equal(expected with { Votes = [] }, actual! with { Votes = [] });
        Assert.Equal(expected.Votes, actual.Votes);
    }
}
