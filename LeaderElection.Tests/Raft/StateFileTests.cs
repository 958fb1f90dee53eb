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

    public void Dispose() => _folder.Dispose();

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
        bytes[6] = 2;
        Assert.Equal("it has version 2; this member knows version 1", Assert.Throws<FormatException>(() => StateCodec.Read(bytes)).Message);
    }

    [Fact]
    public void Write_TheLargestState_CanBeRead()
    {
        var name = new string('n', 124);
        var votes = Enumerable.Range(0, MemberState.MaxElections).Select(i => new MemberState.Ballot($"{name}{i:D4}", 1, name)).ToArray();
        AssertSame(State with { Votes = votes }, StateCodec.Read(StateCodec.Write(State with { Votes = votes })));
    }

    private static void AssertSame(MemberState expected, MemberState? actual)
    {
        Assert.Equal(expected with { Votes = [] }, actual! with { Votes = [] });
        Assert.Equal(expected.Votes, actual.Votes);
    }
}
