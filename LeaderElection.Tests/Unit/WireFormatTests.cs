using System.Buffers.Binary;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Tests.Unit;

/// <summary>ZooKeeper's wire format, and what is done with nonsense.</summary>
public sealed class WireFormatTests
{
    [Fact]
    public void Values_AreReadAsWritten()
    {
        var writer = new JuteWriter(1).Int(-5).Long(long.MinValue).Bool(true).Text("zoé").Buffer([1, 2]).Texts(["a", ""]).Buffer([]);
        var reader = new JuteReader(writer.Written.Span);
        Assert.Equal(-5, reader.Int());
        Assert.Equal(long.MinValue, reader.Long());
        Assert.True(reader.Bool());
        Assert.Equal("zoé", reader.Text());
        Assert.Equal([1, 2], reader.Buffer());
        Assert.Equal(["a", ""], reader.Texts());
        Assert.Equal([], reader.Buffer());
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(2)]
    [InlineData(-2)]
    public void Texts_WithALengthThatTheFrameDoesNotHold_AreRefused(int length)
    {
        var frame = new JuteWriter().Int(length).Raw([0]).Written.ToArray();
        Assert.Throws<InvalidDataException>(() => new JuteReader(frame).Text());
        Assert.Throws<InvalidDataException>(() => new JuteReader(frame).Buffer());
        Assert.Throws<InvalidDataException>(() => new JuteReader(frame).Texts());
    }

    [Fact]
    public void Anything_CutShortAnywhere_IsRefused()
    {
        var whole = new JuteWriter().Int(1).Long(2).Text("abc").Texts(["d"]).Written.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() =>
            {
                var reader = new JuteReader(whole.AsSpan(0, length));
                reader.Int();
                reader.Long();
                reader.Text();
                reader.Texts();
            });
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(FrameReader.LongestFrame + 1)]
    [InlineData(0x48545450)] // "HTTP"
    public async Task Frame_OfALengthOutOfBounds_IsRefused(int length)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => new FrameReader(new MemoryStream(bytes)).ReadAsync(default).AsTask());
        Assert.Contains($"a frame of {length} bytes", error.Message);
    }

    [Fact]
    public async Task Frames_OfAllSizes_AreCutOutOfTheStream()
    {
        int[] sizes = [0, 1, 8188, 8189, 8192, 20_000, 1, FrameReader.LongestFrame, 5];
        var stream = new MemoryStream();
        foreach (var size in sizes)
            stream.Write(new JuteWriter().Buffer(Enumerable.Repeat((byte)(size % 251), size).ToArray()).Written.Span);
        stream.Position = 0;
        var reader = new FrameReader(stream);
        foreach (var size in sizes)
        {
            var frame = await reader.ReadAsync(default);
            Assert.Equal(size, frame.Length);
            Assert.True(frame.Span.IndexOfAnyExcept((byte)(size % 251)) < 0);
        }
        await Assert.ThrowsAsync<EndOfStreamException>(() => reader.ReadAsync(default).AsTask());
    }
}
