namespace LeaderElection.Tests.Fuzz;

/// <summary>
/// What comes from elsewhere is refused in one clear line, or is what it says: it never hangs or breaks the process,
/// or has it allocate more than the input is worth. A failure names the command that replays it.
/// </summary>
public sealed class FuzzTests
{
    public const int Cases = 200_000;

    public static TheoryData<string> Formats => [.. FuzzFormats.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Reader_WhateverComes_RefusesItInOneLineOrReadsWhatItSays(string format)
    {
        var failure = await Fuzzer.RunAsync(FuzzFormats.All.Single(f => f.Name == format), seed: 1, first: 0, Cases);
        Assert.True(failure is null, failure);
    }

    [Theory]
    [InlineData("throws", "System.FormatException")]
    [InlineData("allocates", "it allocated")]
    [InlineData("believes", "it was believed")]
    [InlineData("rambles", "not one clear line")]
    public async Task Run_OfABrokenReader_NamesTheCaseAndTheCommandThatReplaysIt(string defect, string expected)
    {
        byte[] sample = [1, 2, 3, 4, 5, 6, 7, 8];
        var broken = new FuzzFormat("broken", [sample], input => (input.SequenceEqual(sample), defect) switch
        {
            (true, _) or (_, "believes") => null,
            (_, "throws") => throw new FormatException(),
            (_, "allocates") => new string('x', new byte[1 << 20].Length >> 20),
            _ => "two\nlines",
        }) { IsSealed = true };
        var failure = await Fuzzer.RunAsync(broken, seed: 7, first: 0, 100);
        Assert.Matches($@"^broken, seed 7, number (\d+): .*{expected}(.*\n)+input: .*\nreplay: .* -- fuzz broken 7 \1$", failure?.ReplaceLineEndings("\n"));
    }
}
