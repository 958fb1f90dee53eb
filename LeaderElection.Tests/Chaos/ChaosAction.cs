namespace LeaderElection.Tests.Chaos;

/// <summary>A fault that a run may inject.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Weight">How often, compared with others.</param>
/// <param name="RunAsync">Does it, waits for its length, and undoes it, also when the run ends meanwhile.</param>
internal sealed record ChaosAction(ChaosFault Fault, int Weight, Func<ChaosShot, CancellationToken, Task> RunAsync);
