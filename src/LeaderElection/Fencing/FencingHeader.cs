using System.Globalization;

namespace LeaderElection;

/// <summary>The HTTP header in which a leader names its fencing token to a resource: <c>Fencing-Token: 42</c>.</summary>
public static class FencingHeader
{
    /// <summary>The header's name.</summary>
    public const string Name = "Fencing-Token";

    /// <summary>The token as the header's value.</summary>
    public static string Format(long token) => token.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads the header's value: decimal digits and nothing else.</summary>
    /// <returns>Whether it is a token; 0 is one, which no resource accepts.</returns>
    public static bool TryParse(string? value, out long token) => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out token);
}
