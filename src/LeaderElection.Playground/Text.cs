namespace LeaderElection.Playground;

internal static class Text
{
    /// <summary>Text from elsewhere, fit for one line of a terminal.</summary>
    public static string OneLine(string text) => string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '?' : c));
}
