using System.Globalization;
using System.Text;

namespace LeaderElection.Tests.Fuzz;

/// <summary>Feeds inputs to the readers of a format, by seed and number, and tells of the first that goes wrong.</summary>
internal static class Fuzzer
{
    public const string Command = "fuzz";

    /// <summary>What a case may allocate: so much, and so much for each byte of its input.</summary>
    private const long Allowance = 256 * 1024;
    private const long AllowanceOfAByte = 96;

    private const int LongestRefusal = 2100;

    /// <summary>A case takes microseconds.</summary>
    private static readonly TimeSpan HangsAfter = TimeSpan.FromMinutes(1);

    /// <returns>What failed, with the command that replays it; <see langword="null"/> when nothing did.</returns>
    public static async Task<string?> RunAsync(FuzzFormat format, int seed, int first, int count)
    {
        foreach (var sample in format.Samples)
        {
            // Also so that what is only made once is not counted for a case.
            if (format.Read(sample) is { } refusal == format.AcceptsSamples)
                return $"{format.Name}: the sample \"{Show(sample)}\" was {(format.AcceptsSamples ? "refused" : "accepted")}";
        }
        var current = first;
        // On a thread of its own, whose allocations are those of the cases.
        var running = Task.Factory.StartNew(
            () =>
            {
                for (var number = first; number < first + count; number++)
                {
                    Volatile.Write(ref current, number);
                    if (RunCase(format, seed, number) is { } problem)
                        return problem;
                }
                return null;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (await Task.WhenAny(running, Task.Delay(HangsAfter, TimeProvider.System)) != running)
        {
            var stuck = Volatile.Read(ref current);
            if (await Task.WhenAny(running, Task.Delay(HangsAfter, TimeProvider.System)) != running && Volatile.Read(ref current) == stuck)
                return Explain(format, seed, stuck, "it hangs");
        }
        return await running;
    }

    /// <summary><c>fuzz FORMAT SEED NUMBER</c> replays a case; without the number, 200,000 are run; without anything, the formats are listed.</summary>
    public static async Task<int> MainAsync(string[] args)
    {
        if (args is not [_, var name, var seed, ..] || FuzzFormats.All.FirstOrDefault(f => f.Name == name) is not { } format)
        {
            Console.WriteLine($"fuzz FORMAT SEED [NUMBER]; the formats are {string.Join(", ", FuzzFormats.All.Select(f => f.Name))}");
            return 2;
        }
        var isOne = args.Length > 3;
        var first = isOne ? int.Parse(args[3], CultureInfo.InvariantCulture) : 0;
        if (isOne)
            Console.WriteLine(Show(format.Create(DiceOf(int.Parse(seed, CultureInfo.InvariantCulture), first)).Input, most: int.MaxValue));
        var failure = await RunAsync(format, int.Parse(seed, CultureInfo.InvariantCulture), first, isOne ? 1 : FuzzTests.Cases);
        Console.WriteLine(failure ?? "nothing went wrong");
        return failure is null ? 0 : 1;
    }

    private static string? RunCase(FuzzFormat format, int seed, int number)
    {
        var (input, mustBeRefused) = format.Create(DiceOf(seed, number));
        string? problem;
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var refusal = format.Read(input);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            problem =
                allocated > Allowance + (AllowanceOfAByte * input.Length) ? $"it allocated {allocated} bytes for {input.Length}"
                : refusal is null ? mustBeRefused ? "it was believed" : null
                : refusal.Trim().Length == 0 || refusal.Length > LongestRefusal || refusal.Any(char.IsControl) ? $"its refusal is not one clear line: {refusal}"
                : null;
        }
        catch (Exception e)
        {
            problem = e.ToString();
        }
        return problem is null ? null : Explain(format, seed, number, problem);
    }

    private static Dice DiceOf(int seed, int number) => new(((ulong)(uint)seed << 32) | (uint)number);

    private static string Explain(FuzzFormat format, int seed, int number, string problem) =>
        $"""
        {format.Name}, seed {seed}, number {number}: {problem}
        input: {Show(format.Create(DiceOf(seed, number)).Input)}
        replay: dotnet run -c Release --project LeaderElection.Tests -- {Command} {format.Name} {seed} {number}
        """;

    private static string Show(byte[] input, int most = 2000)
    {
        var text = new StringBuilder();
        foreach (var one in input.Take(most))
            text.Append(one is >= 0x20 and < 0x7F and not (byte)'\\' ? $"{(char)one}" : $"\\x{one:x2}");
        return input.Length > most ? $"{text}… ({input.Length} bytes)" : text.ToString();
    }
}
