namespace LeaderElection.Tests.Processes;

/// <summary>A line that a process printed.</summary>
/// <param name="Text">The line.</param>
/// <param name="IsError">Whether it came on the standard error stream.</param>
/// <param name="Timestamp">When it arrived, by <see cref="TimeProvider.GetTimestamp"/> of the system.</param>
internal sealed record OutputLine(string Text, bool IsError, long Timestamp);
