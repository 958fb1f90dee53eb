namespace LeaderElection.Board;

/// <summary>Text from elsewhere, made fit for one line.</summary>
internal static class OneLine
{
    public static string Of(string text, int longest)
    {
        var line = string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= longest ? line : string.Concat(line.AsSpan(0, longest), "…");
    }
}
