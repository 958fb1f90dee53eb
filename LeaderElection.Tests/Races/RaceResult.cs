namespace LeaderElection.Tests.Races;

/// <summary>What one interleaving was.</summary>
/// <param name="Target">What was disposed.</param>
/// <param name="Steps">How many steps it had.</param>
/// <param name="At">Before which of them.</param>
/// <param name="Trace">The same for the same choices.</param>
/// <param name="Wrong">What should not have been.</param>
/// <param name="Backends">What is to be collected when it is over.</param>
internal sealed record RaceResult(RaceTarget Target, int Steps, int At, int Trace, string? Wrong, IReadOnlyList<WeakReference> Backends);
