using System.Text;
using LeaderElection.FileSystem;

namespace LeaderElection.Tests.Unit;

public sealed class LeaseFileTests
{
    private static readonly LeaseFile Held = new(42, new LeaseFile.Leader(
        "node-1", Guid.Empty.ToString("N"), Guid.AllBitsSet.ToString("N"), TimeSpan.FromSeconds(15),
        DateTimeOffset.FromUnixTimeMilliseconds(1700000000000), "host"));

    [Fact]
    public void Parse_WhatWasWritten_IsTheSame()
    {
        Assert.Equal(Held, LeaseFile.Parse(Held.ToBytes()));
        var released = new LeaseFile(43, null);
        Assert.Equal(released, LeaseFile.Parse(released.ToBytes()));
        var vanished = new LeaseFile(44, null, Guid.NewGuid().ToString("N"));
        Assert.Equal(vanished, LeaseFile.Parse(vanished.ToBytes()));
    }

    [Fact]
    public void Parse_AnyTruncation_IsRefused()
    {
        var bytes = Held.ToBytes();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<FormatException>(() => LeaseFile.Parse(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Parse_AnyByteChanged_IsRefused()
    {
        var random = new Random(1);
        for (var at = 0; at < Held.ToBytes().Length; at++)
        {
            var bytes = Held.ToBytes();
            bytes[at] ^= (byte)(1 + random.Next(255));
            Assert.Throws<FormatException>(() => LeaseFile.Parse(bytes));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello\n")]
    [InlineData("{\"leader\":\"x\"}")]
    [InlineData("leader-election 2 held 1\n")]
    public void Parse_Foreign_IsRefused(string text) =>
        Assert.Throws<FormatException>(() => LeaseFile.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Parse_Random_IsRefusedWithoutAnyOtherError()
    {
        var random = new Random(2);
        for (var i = 0; i < 5000; i++)
        {
            var bytes = new byte[random.Next(1200)];
            random.NextBytes(bytes);
            Assert.Throws<FormatException>(() => LeaseFile.Parse(bytes));
        }
    }
}
