namespace LeaderElection.Tests.Fuzz;

/// <summary>A format that comes from elsewhere, and how it is read.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Samples">What is valid.</param>
/// <param name="Read">
/// Reads it, as the program does, and checks what came of it. Answers with the refusal, one clear line, or
/// <see langword="null"/> when it was accepted. Throws for everything else.
/// </param>
internal sealed record FuzzFormat(string Name, byte[][] Samples, Func<byte[], string?> Read)
{
    /// <summary>Words of the format, put in where they do not belong.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Puts lengths or the checksum right again, so that mutations reach what lies behind them.</summary>
    public Func<byte[], byte[]>? Fix { get; init; }

    /// <summary>Whether whatever was changed, and not put right, must be refused: there is a checksum, or a proof.</summary>
    public bool IsSealed { get; init; }

    /// <summary>Whether samples are accepted; not where the other side would have to know a secret, or every stream ends in a failure.</summary>
    public bool AcceptsSamples { get; init; } = true;

    /// <summary>Makes an input that is changed below its outer structure.</summary>
    public Func<Dice, byte[]>? Build { get; init; }

    public (byte[] Input, bool MustBeRefused) Create(Dice dice)
    {
        if (Build is not null && !dice.OneIn(4))
            return (Build(dice), false);
        var bytes = Mutator.Mutate(dice.Pick(Samples), Samples, Words, dice);
        if (Fix is not null && dice.OneIn(2))
            return (Fix(bytes), false);
        return (bytes, IsSealed && !Array.Exists(Samples, s => s.AsSpan().SequenceEqual(bytes)));
    }
}
