namespace LeaderElection.Tests.Conformance;

/// <summary>A store in which an election has an entry that somebody may delete.</summary>
public abstract class EntryStore : Store
{
    /// <summary>
    /// Whether nobody is elected beside a leader whose entry was deleted by hand. In a queue the next one is first at
    /// once: both hear of the deletion at the same time, and fencing has to stop what the old leader still does.
    /// </summary>
    public virtual bool WaitsOutDeletedEntries => true;

    /// <summary>Whether nobody is elected even until that leader's work has stopped. In a queue the next one cannot know.</summary>
    public virtual bool WaitsForWorkOfDeletedEntries => WaitsOutDeletedEntries;

    /// <summary>Deletes the election's entry, as an operator might by mistake.</summary>
    public abstract Task DeleteEntryAsync(string election);

    /// <summary>Takes the leases of the processes away, until that was noticed. Only where the work of a leader is waited for.</summary>
    public virtual Task LoseLeasesAsync(Func<Task> noticed) => throw new NotSupportedException();
}
