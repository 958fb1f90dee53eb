namespace LeaderElection.Board.Elections;

/// <summary>What tells elections apart: two strategies may hold elections of one name.</summary>
internal readonly record struct ElectionKey(string Name, string Strategy) : IComparable<ElectionKey>
{
    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out ElectionKey key)
    {
        var parts = text?.Split('/') ?? [];
        key = parts.Length == 2 ? new ElectionKey(parts[1], parts[0]) : default;
        return parts.Length == 2 && ElectionNames.IsValid(parts[0]) && ElectionNames.IsValid(parts[1]);
    }

    public int CompareTo(ElectionKey other) =>
        string.CompareOrdinal(Name, other.Name) is not 0 and var byName ? byName : string.CompareOrdinal(Strategy, other.Strategy);

    public override string ToString() => $"{Strategy}/{Name}";
}
