namespace LeaderElection.Benchmarks.Measures;

/// <summary>All measures in one run, briefly.</summary>
internal static class Everything
{
    public static async Task RunAsync(Run run)
    {
        foreach (var measureAsync in new[] { FailOver.HandOverAsync, FailOver.CrashAsync, FailOver.FreezeAsync, Acquisition.RunAsync, Startup.RunAsync, Idle.RunAsync, Scale.RunAsync })
            await measureAsync(run);
    }
}
