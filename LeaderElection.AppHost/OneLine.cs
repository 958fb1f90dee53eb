namespace LeaderElection.AppHost;

internal static class OneLine
{
    /// <summary>Text from elsewhere, fit for one line.</summary>
    public static string Of(string? text) => string.Concat((text ?? "").ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '?' : c)).Trim();
}
