using System.Text;
using LeaderElection.FileSystem;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What stands in the folder of the strategy file.</summary>
internal static class FileFormats
{
    private static readonly DateTimeOffset Since = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly byte[][] Leases =
    [
        new LeaseFile(7, null).ToBytes(),
        new LeaseFile(8, null, new string('c', 32)).ToBytes(),
        new LeaseFile(1_767_323_045_001, Leader("a")).ToBytes(),
        new LeaseFile(LeaseFile.MaxToken, Leader(new string('n', 128))).ToBytes(),
    ];

    private static readonly byte[][] Alive = [AliveFile.ToBytes(1, 0), AliveFile.ToBytes(123_456, long.MaxValue)];

    public static readonly FuzzFormat[] All =
    [
        new("lease-file", Leases, ReadLease) { Fix = WithChecksum, IsSealed = true, Words = ["held", "released", "vanished", "leader-election 1 ", "leader-election 1", " sha256:", "\n"] },
        new("alive-file", Alive, ReadAlive) { Fix = WithChecksum, IsSealed = true, Words = [" sha256:", "\n"] },
    ];

    private static LeaseFile.Leader Leader(string candidate) =>
        new(candidate, new string('a', 32), new string('1', 32), TimeSpan.FromSeconds(15), Since, "0f1e2d3c-host");

    private static byte[] WithChecksum(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.LastIndexOf(" sha256:", StringComparison.Ordinal);
        var body = end < 0 ? text : text[..end];
        return Encoding.UTF8.GetBytes($"{body} {LeaseFile.Checksum(body)}\n");
    }

    private static string? ReadLease(byte[] input)
    {
        try
        {
            var lease = LeaseFile.Parse(input);
            Assert.True(lease.ToBytes().AsSpan().SequenceEqual(input), $"it was read as {lease}");
            // The next token must be above it.
            Assert.InRange(lease.FencingToken, 1, LeaseFile.MaxToken);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static string? ReadAlive(byte[] input)
    {
        if (AliveFile.Parse(input) is not { } renewal)
            return "it is no renewal";
        Assert.True(AliveFile.ToBytes(renewal.Count, renewal.Sent).AsSpan().SequenceEqual(input), $"it was read as {renewal}");
        return null;
    }
}
