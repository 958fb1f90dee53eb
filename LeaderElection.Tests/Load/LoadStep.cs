namespace LeaderElection.Tests.Load;

/// <summary>What came of one fault.</summary>
/// <param name="Strategy">On which strategy.</param>
/// <param name="Fault">Which.</param>
/// <param name="Hit">How many elections were without a leader for a while.</param>
/// <param name="Slowest">When the last of them had one again, from the moment that counts.</param>
/// <param name="Median">The same for half of them.</param>
/// <param name="Before">What the processes took before, together.</param>
/// <param name="After">What they took afterwards; <see langword="null"/> where that is measured after the next step.</param>
/// <param name="Breaches">What should not have been.</param>
internal sealed record LoadStep(
    string Strategy, string Fault, int Hit, TimeSpan Slowest, TimeSpan Median, Measurement Before, Measurement? After, IReadOnlyList<string> Breaches);
