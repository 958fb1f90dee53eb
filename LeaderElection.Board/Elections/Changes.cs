namespace LeaderElection.Board.Elections;

/// <summary>What has changed since somebody last asked, each named once however often it did.</summary>
internal sealed class Changes
{
    public HashSet<ElectionKey> Elections { get; } = [];

    public HashSet<ElectionKey> Timelines { get; } = [];

    public HashSet<ElectionKey> Pulses { get; } = [];

    public HashSet<string> Ledgers { get; } = new(StringComparer.Ordinal);

    public bool Board { get; set; }

    public bool IsEmpty => !Board && Elections.Count + Timelines.Count + Pulses.Count + Ledgers.Count == 0;
}
