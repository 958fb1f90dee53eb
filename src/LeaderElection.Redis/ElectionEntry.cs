using System.Globalization;
using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>What an election's key holds.</summary>
/// <param name="LeaseId">The lease of the leader's process; <see langword="null"/> when nobody leads by this entry: it was given back, or found missing, or is a mere vote.</param>
/// <param name="Leader">The leader, if there is one.</param>
internal readonly record struct ElectionEntry(string? LeaseId, LeaderInfo? Leader)
{
    /// <summary>Reads it.</summary>
    /// <returns><see langword="null"/> when it is something else.</returns>
    public static ElectionEntry? Parse(string? text) => text?.Split(' ') switch
    {
        null or ["-" or "?", _] => default(ElectionEntry),
        ["+", _, _, _, _, _] => default(ElectionEntry),
        [var lease, _, var token, var at, var candidate] when
            long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() =>
            new ElectionEntry(lease, new LeaderInfo(candidate, number, DateTimeOffset.FromUnixTimeMilliseconds(time))),
        _ => null,
    };
}
