using System.Buffers;

namespace LeaderElection;

/// <summary>The names that elections and candidates may have, checked once, where they enter.</summary>
public static class ElectionNames
{
    /// <summary>The longest name allowed, in characters.</summary>
    public const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether a name is 1 to 128 of <c>A-Z a-z 0-9 . _ -</c>, and not <c>.</c> or <c>..</c>.</summary>
    public static bool IsValid(string? name) => Explain(name) is null;

    /// <summary>Returns the name when it is valid.</summary>
    /// <param name="name">The name to check.</param>
    /// <param name="parameterName">What to call it in the error.</param>
    /// <exception cref="ArgumentException">It is not; the message says which rule was broken, and where.</exception>
    public static string Validate(string? name, string parameterName) =>
        Explain(name) is { } problem
            ? throw new ArgumentException($"{parameterName}: {problem}; allowed are 1 to {MaxLength} of A-Z a-z 0-9 . _ -", parameterName)
            : name!;

    /// <summary>Makes a valid name of any text: what is not allowed becomes a hyphen, and the length is cut.</summary>
    internal static string Sanitize(string text)
    {
        var name = string.Concat(text.Take(MaxLength).Select(c => Allowed.Contains(c) ? c : '-'));
        return IsValid(name) ? name : "candidate";
    }

    private static string? Explain(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return "a name is needed, but it is empty";
        if (name.Length > MaxLength)
            return $"the name has {name.Length} characters";
        // As file names these two mean folders.
        if (name is "." or "..")
            return $"'{name}' is not a name";
        var at = name.AsSpan().IndexOfAnyExcept(Allowed);
        return at < 0 ? null : $"'{Printable(name)}' has a character that is not allowed, at position {at + 1}";
    }

    /// <summary>Text from elsewhere, fit for one line.</summary>
    internal static string Printable(string text, int longest = 1024) =>
        string.Concat(text.Take(longest).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? '?' : c));
}
