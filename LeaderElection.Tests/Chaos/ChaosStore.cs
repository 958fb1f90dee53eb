namespace LeaderElection.Tests.Chaos;

/// <summary>A strategy's store, with the faults that can be done to it.</summary>
internal abstract class ChaosStore : IAsyncDisposable
{
    /// <summary>The strategy as a candidate process knows it.</summary>
    public abstract string Strategy { get; }

    /// <summary>What its own fail-over may add to the bound of I4.</summary>
    public virtual TimeSpan FailOver => TimeSpan.Zero;

    /// <summary>What can be done to it.</summary>
    public virtual IEnumerable<ChaosAction> Actions => [];

    /// <summary>What can be done to a candidate's line to it.</summary>
    public virtual IEnumerable<ChaosAction> LineActions => [];

    /// <summary>Whom a fault hits that is aimed at a candidate.</summary>
    public Func<ChaosShot, string> TargetOf { get; set; } = null!;

    /// <summary>Where a candidate finds it.</summary>
    public abstract string Endpoint(string candidate);

    public abstract ValueTask DisposeAsync();

    public static async Task<ChaosStore> StartAsync(string strategy, ChaosRun run) => strategy switch
    {
        "file" => await FolderStore.StartFolderAsync(run),
        "raft" => await MemberStore.StartAsync(run),
        _ => await ServerStore.StartServersAsync(strategy, run),
    };
}
