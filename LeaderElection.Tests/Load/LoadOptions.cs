namespace LeaderElection.Tests.Load;

/// <summary>What a load run does.</summary>
/// <param name="Elections">In how many each process is a candidate.</param>
/// <param name="Strategies">One after the other.</param>
internal sealed record LoadOptions(int Elections, IReadOnlyList<string> Strategies)
{
    public const int Candidates = 3;

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For tests: without the server that is away for long, and with shorter looks.</summary>
    public bool IsShort { get; init; }

    /// <summary>What a busy machine may add to the bound: nothing where figures are taken.</summary>
    public TimeSpan Slack { get; init; }

    /// <summary>How long is looked at least after each fault: what is lost late is seen too.</summary>
    public TimeSpan Watch => IsShort ? Lease / 2 : Bound;

    /// <summary>Within what every election has a leader again.</summary>
    public TimeSpan Bound => Lease + TimeSpan.FromSeconds(1);

    /// <summary>By how much the heaps of the processes may be larger after a fault than before: this part of what they were, and as much again for each process.</summary>
    public static (double Part, long Bytes) HeapTolerance => (0.15, 1 << 20);

    /// <summary>The same for their working sets; the runtime gives back memory late, and compiles more while it runs.</summary>
    public static (double Part, long Bytes) WorkingSetTolerance => (0.30, 16 << 20);
}
