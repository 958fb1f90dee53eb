using LeaderElection.Leases;

namespace LeaderElection.FileSystem;

/// <summary>Where and how to elect in a folder.</summary>
public sealed class FileElectionOptions : LeaseOptions
{
    /// <summary>The folder that all candidates share.</summary>
    /// <value>Defaults to none; it must be given.</value>
    public string Directory { get; set; } = "";

    /// <summary>
    /// Whether to create the folder. Leave it off for a mounted share: where that is not mounted, a fresh folder would
    /// be an election of its own.
    /// </summary>
    /// <value>Defaults to <see langword="false"/>.</value>
    public bool CreateDirectory { get; set; }

    /// <summary>
    /// Whether processes on other machines may use the folder. Where they do, changes are not notified: the lease file is
    /// flushed, and followers look once per <see cref="LeaseOptions.RetryPeriod"/>.
    /// </summary>
    /// <value>
    /// Defaults to <see langword="null"/>: <see langword="false"/> for file systems that the runtime knows to be local, and
    /// <see langword="true"/> for all others, those that it does not know among them. Set it to <see langword="false"/>
    /// only if all candidates run on one machine.
    /// </value>
    public bool? SharedBetweenMachines { get; set; }

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            yield return $"{nameof(Directory)} is empty; it must name a folder that all candidates share";
        else if (Directory.Contains('\0'))
            yield return $"{nameof(Directory)} has a character that no path may have";
        foreach (var problem in base.Validate())
            yield return problem;
    }
}
