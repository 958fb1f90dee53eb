using System.Globalization;

namespace LeaderElection.Board.Actions;

internal static class ActionTime
{
    /// <summary>Reads <c>500ms</c>, <c>15s</c> or <c>2m</c>.</summary>
    public static TimeSpan? Parse(string text)
    {
        var (digits, unit) = text switch
        {
            [.. var number, 'm', 's'] => (number, TimeSpan.FromMilliseconds(1)),
            [.. var number, 's'] => (number, TimeSpan.FromSeconds(1)),
            [.. var number, 'm'] => (number, TimeSpan.FromMinutes(1)),
            _ => ("", TimeSpan.Zero),
        };
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * unit : null;
    }
}
