namespace Aspire.Hosting.StandIn;

internal static class ResourceNames
{
    private const int MaximumLength = 64;

    public static void Validate(string name)
    {
        if (name.Length > MaximumLength)
            throw new ArgumentException($"Resource name '{name}' is invalid. Name must be between 1 and {MaximumLength} characters long.", nameof(name));

        if (!char.IsAsciiLetter(name[0]))
            throw new ArgumentException($"Resource name '{name}' is invalid. Name must start with an ASCII letter.", nameof(name));

        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-') || name.Contains("--", StringComparison.Ordinal) || name.EndsWith('-'))
            throw new ArgumentException($"Resource name '{name}' is invalid. Name must contain only ASCII letters, digits, and hyphens, without consecutive or trailing hyphens.", nameof(name));
    }

    /// Eight lowercase letters, as Aspire's orchestrator appends to a resource's name.
    public static string NewSuffix() => string.Create(8, 0, static (span, _) =>
    {
        foreach (ref var c in span)
            c = (char)('a' + Random.Shared.Next(26));
    });
}
