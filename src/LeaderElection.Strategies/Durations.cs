using System.Globalization;

namespace LeaderElection.Strategies;

/// <summary>Durations as people write them: <c>15s</c>, <c>500ms</c>, <c>2m</c>, <c>1h</c>, <c>00:00:15</c>.</summary>
internal static class Durations
{
    public const string Examples = "15s, 500ms, 2m or 00:00:15";

    // The longest suffix first: "ms" ends in "s" as well.
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>Reads a duration. A number alone is none: nobody knows whether seconds or (as .NET has it) days are meant.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        text = text?.Trim() ?? "";
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= -Longest && duration <= Longest;
        foreach (var (suffix, seconds) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            if (!double.TryParse(text[..^suffix.Length], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || !(Math.Abs(number * seconds) <= Longest.TotalSeconds))
            {
                return false;
            }
            duration = TimeSpan.FromSeconds(number * seconds);
            return true;
        }
        return false;
    }
}
