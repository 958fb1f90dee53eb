namespace LeaderElection.Tests.Servers;

/// <summary>A test that sets the clock of a process which counts suspension; it is skipped, and says so, where that is not allowed.</summary>
internal sealed class TimeNamespaceFactAttribute : FactAttribute
{
    public TimeNamespaceFactAttribute()
    {
        if (!TimeNamespace.IsPossible)
            Skip = "making a time namespace needs Linux 5.6 and root";
    }
}
