using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace LeaderElection.FileSystem;

/// <summary>What the lease file of an election says: who leads, under which token and lease; or that nobody does.</summary>
/// <remarks>
/// One line of text that a person can read, ending in a checksum:
/// <c>leader-election 1 held TOKEN CANDIDATE LEASE CLAIM DURATION-MS SINCE-UNIX-MS HOST sha256:…</c>,
/// <c>leader-election 1 released TOKEN sha256:…</c>, or <c>leader-election 1 vanished TOKEN ID sha256:…</c>.
/// </remarks>
/// <param name="FencingToken">The last token that was issued.</param>
/// <param name="Holder">Who leads; <see langword="null"/> after a resignation.</param>
/// <param name="Vanished">Names the occasion on which a lease file was missed, and this one put in its place.</param>
internal sealed partial record LeaseFile(long FencingToken, LeaseFile.Leader? Holder, string? Vanished = null)
{
    /// <summary>Longer than any lease file can be.</summary>
    public const int MaxLength = 1024;

    /// <summary>Tokens above this are refused, so that counting on from one never overflows.</summary>
    public const long MaxToken = long.MaxValue / 4;

    /// <summary>The length of a checksum as it is written.</summary>
    public const int ChecksumLength = 7 + 16;

    private const string Magic = "leader-election 1 ";

    /// <summary>Whether this is what a power cut can leave of a lease file that was not flushed: nothing, or zeros.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> bytes) => bytes.Length <= MaxLength && !bytes.ContainsAnyExcept((byte)0);

    /// <summary>Reads a lease file.</summary>
    /// <exception cref="FormatException">It is corrupt, truncated or not a lease file; the message says which.</exception>
    public static LeaseFile Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            throw new FormatException("it is empty");
        if (bytes.Length > MaxLength)
            throw new FormatException("it is not a lease file: too long");
        var line = Encoding.UTF8.GetString(bytes);
        if (!line.StartsWith(Magic, StringComparison.Ordinal))
            throw new FormatException("it is not a lease file of this version");
        if (!line.EndsWith('\n'))
            throw new FormatException("it is truncated");
        var end = line.LastIndexOf(" sha256:", StringComparison.Ordinal);
        if (end < Magic.Length || line[(end + 1)..^1] != Checksum(line[..end]))
            throw new FormatException("its checksum is wrong");
        var lease = Read(line[Magic.Length..end].Split(' '));
        // What differs from what is written was not written: by a program of this version, at least.
        return bytes.SequenceEqual(lease.ToBytes()) ? lease : throw new FormatException("its fields are not those of this version");
    }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        FormattableString body = this switch
        {
            { Holder: { } h } => $"{Magic}held {FencingToken} {h.CandidateId} {h.LeaseId} {h.ClaimId} {(long)h.Duration.TotalMilliseconds} {h.Since.ToUnixTimeMilliseconds()} {h.Host}",
            { Vanished: { } occasion } => $"{Magic}vanished {FencingToken} {occasion}",
            _ => $"{Magic}released {FencingToken}",
        };
        var line = FormattableString.Invariant(body);
        return Encoding.UTF8.GetBytes($"{line} {Checksum(line)}\n");
    }

    /// <summary>A checksum against accidents, in the form it is written in.</summary>
    internal static string Checksum(string body)
    {
        Span<byte> checksum = stackalloc byte[ChecksumLength];
        Checksum(Encoding.UTF8.GetBytes(body), checksum);
        return Encoding.ASCII.GetString(checksum);
    }

    /// <inheritdoc cref="Checksum(string)"/>
    internal static void Checksum(ReadOnlySpan<byte> body, Span<byte> checksum)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        "sha256:"u8.CopyTo(checksum);
        Convert.TryToHexStringLower(hash[..8], checksum[7..], out _);
    }

    private static LeaseFile Read(string[] fields) => fields switch
    {
        ["released", var token] => new LeaseFile(Token(token), null),
        ["vanished", var token, var occasion] =>
            new LeaseFile(Token(token), null, HexId().IsMatch(occasion) ? occasion : throw new FormatException("its occasion is not an id")),
        ["held", var token, var candidate, var lease, var claim, var duration, var since, var host] =>
            new LeaseFile(Token(token), new Leader(
                ElectionNames.IsValid(candidate) ? candidate : throw new FormatException("its candidate is not a name"),
                HexId().IsMatch(lease) ? lease : throw new FormatException("its lease is not an id"),
                HexId().IsMatch(claim) ? claim : throw new FormatException("its claim is not an id"),
                TimeSpan.FromMilliseconds(Math.Min(Number(duration), TimeSpan.MillisecondsPerDay)),
                DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(Number(since), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())),
                host)),
        _ => throw new FormatException("its fields are not those of this version"),
    };

    private static long Token(string text) =>
        Number(text) is > 0 and <= MaxToken and var token ? token : throw new FormatException("its token is out of range");

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException("a number of it cannot be read");

    [GeneratedRegex(@"^[0-9a-f]{32}\z")]
    private static partial Regex HexId();

    /// <summary>Who leads.</summary>
    /// <param name="CandidateId">The leader.</param>
    /// <param name="LeaseId">The lease of its process.</param>
    /// <param name="ClaimId">Its claim.</param>
    /// <param name="Duration">How long the lease lasts after each renewal.</param>
    /// <param name="Since">When it was elected, by its wall clock.</param>
    /// <param name="Host">The machine, or rather the boot of it, that it runs on.</param>
    internal sealed record Leader(string CandidateId, string LeaseId, string ClaimId, TimeSpan Duration, DateTimeOffset Since, string Host);
}
