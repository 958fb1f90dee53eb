using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LeaderElection.Raft.Transport;

/// <summary>How two members find out that they are who they say, before anything else is heard.</summary>
/// <remarks>
/// <para>Messages are <c>length:u16 kind:u8 content</c>, little-endian, of at most 512 bytes. Who dials says hello; the
/// other says hello too; the first proves that it has the secret, and then the other does: who only dials gets no proof to
/// guess at. A proof is the HMAC-SHA256, under
/// the secret, of the role and both hellos, so that it is good for one connection between these two alone. Where TLS
/// authenticates the members and there is no secret, proofs are made with an empty one. Instead of any answer there
/// may be a refusal with its reason.</para>
/// </remarks>
internal sealed class Handshake
{
    private const int MaxLength = 512;

    private readonly byte[] _key;
    private readonly Func<bool> _isAdmitted;

    private enum Kind : byte
    {
        Hello = 1,
        Answer,
        Proof,
        Refusal,
    }

    /// <param name="self">The id of this member.</param>
    /// <param name="life">Its process.</param>
    /// <param name="secret">What all members know.</param>
    /// <param name="isAdmitted">Whether it takes part, as of now.</param>
    public Handshake(string self, Life life, string? secret, Func<bool> isAdmitted)
    {
        Self = self;
        Life = life;
        _isAdmitted = isAdmitted;
        _key = HMACSHA256.HashData("LeaderElection.Raft link"u8, Encoding.UTF8.GetBytes(secret ?? ""));
    }

    private string Self { get; }

    private Life Life { get; }

    /// <summary>Introduces this member to the one that it has dialled.</summary>
    /// <exception cref="RefusedException">One side has refused the other.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<Hello> DialAsync(
        Stream stream, string target, Func<Hello, RefusedException?> judge, CancellationToken cancellationToken, Route route = default, bool isProbe = false)
    {
        var own = Introduce(target, route, isProbe);
        await WriteAsync(stream, Kind.Hello, own, cancellationToken).ConfigureAwait(false);
        var theirs = await ReadAsync(stream, Kind.Answer, cancellationToken).ConfigureAwait(false);
        return await RefuseOrAsync(stream, cancellationToken, async () =>
        {
            var hello = Hello.Read(theirs);
            if (hello.From != target)
                throw new RefusedException(RefusalReason.Target, $"it is {hello.From}, not {target}");
            if ((Judge(hello) ?? judge(hello)) is { } refusal)
                throw refusal;
            await WriteAsync(stream, Kind.Proof, Proof("dialer", own, theirs), cancellationToken).ConfigureAwait(false);
            CheckProof("acceptor", own, theirs, await ReadAsync(stream, Kind.Proof, cancellationToken).ConfigureAwait(false));
            return hello;
        }).ConfigureAwait(false);
    }

    /// <summary>Hears who has dialled this member.</summary>
    /// <inheritdoc cref="DialAsync"/>
    public async Task<Hello> AcceptAsync(Stream stream, Func<Hello, RefusedException?> judge, CancellationToken cancellationToken, Route route = default)
    {
        var theirs = await ReadAsync(stream, Kind.Hello, cancellationToken).ConfigureAwait(false);
        return await RefuseOrAsync(stream, cancellationToken, async () =>
        {
            var hello = Hello.Read(theirs);
            if ((Judge(hello) ?? judge(hello)) is { } refusal)
                throw refusal;
            var own = Introduce(hello.From, route, hello.IsProbe);
            await WriteAsync(stream, Kind.Answer, own, cancellationToken).ConfigureAwait(false);
            CheckProof("dialer", theirs, own, await ReadAsync(stream, Kind.Proof, cancellationToken).ConfigureAwait(false));
            await WriteAsync(stream, Kind.Proof, Proof("acceptor", theirs, own), cancellationToken).ConfigureAwait(false);
            return hello;
        }).ConfigureAwait(false);
    }

    private byte[] Introduce(string to, Route route, bool isProbe) =>
        new Hello(Self, to, Life, _isAdmitted(), isProbe, route, Hello.NewNonce()).ToBytes();

    private RefusedException? Judge(Hello hello) => hello.To == Self
        ? null
        : new(RefusalReason.Target, $"{hello.From} was looking for {hello.To} where {Self} is; are two members' addresses mixed up?");

    private byte[] Proof(string role, byte[] dialer, byte[] acceptor)
    {
        byte[] said = [.. Encoding.ASCII.GetBytes(role), 0, .. SHA256.HashData(dialer), .. SHA256.HashData(acceptor)];
        return HMACSHA256.HashData(_key, said);
    }

    private void CheckProof(string role, byte[] dialer, byte[] acceptor, ReadOnlySpan<byte> proof)
    {
        if (!CryptographicOperations.FixedTimeEquals(proof, Proof(role, dialer, acceptor)))
            throw new RefusedException(RefusalReason.Secret, "its secret is not the one of this member");
    }

    /// <summary>Tells the other side when it is refused: both then know the reason.</summary>
    private static async Task<Hello> RefuseOrAsync(Stream stream, CancellationToken cancellationToken, Func<Task<Hello>> proceed)
    {
        try
        {
            return await proceed().ConfigureAwait(false);
        }
        catch (RefusedException e) when (e is not Told)
        {
            // A stranger that speaks something else learns nothing from it.
            if (e.Reason != RefusalReason.Garbage)
                await WriteAsync(stream, Kind.Refusal, [(byte)e.Reason], cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private static ValueTask WriteAsync(Stream stream, Kind kind, byte[] content, CancellationToken cancellationToken)
    {
        var bytes = new byte[sizeof(ushort) + 1 + content.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(content.Length + 1));
        bytes[sizeof(ushort)] = (byte)kind;
        content.CopyTo(bytes, sizeof(ushort) + 1);
        return stream.WriteAsync(bytes, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(Stream stream, Kind expected, CancellationToken cancellationToken)
    {
        var head = new byte[sizeof(ushort)];
        await stream.ReadExactlyAsync(head, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(head);
        if (length is 0 or > MaxLength)
            throw new RefusedException(RefusalReason.Garbage, "what it sent is not a handshake");
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellationToken).ConfigureAwait(false);
        return body switch
        {
            [var kind, .. var content] when kind == (byte)expected => content,
            [(byte)Kind.Refusal, var reason] => throw new Told((RefusalReason)reason),
            _ => throw new RefusedException(RefusalReason.Garbage, "what it sent is not a handshake"),
        };
    }

    /// <summary>The other side has refused this one.</summary>
    private sealed class Told(RefusalReason reason) : RefusedException(reason, $"it refuses this member: {Text(reason)}")
    {
        private static string Text(RefusalReason reason) => reason switch
        {
            RefusalReason.Version => $"it does not speak protocol version {FrameCodec.Version}",
            RefusalReason.Target => "it is another member than was looked for at that address",
            RefusalReason.Stranger => "this member is not on its list of members",
            RefusalReason.Secret => "this member's secret is not the one that it has",
            RefusalReason.Certificate => "this member's certificate is not one of this member",
            RefusalReason.Forgetful => "this member has been started more often before, so its folder is an older copy; empty it",
            RefusalReason.Replaced => "another process has been started as this member, with another folder; stop one of them",
            RefusalReason.Twice => "another process runs as this member; stop one of them",
            _ => $"reason {(byte)reason}",
        };
    }
}
