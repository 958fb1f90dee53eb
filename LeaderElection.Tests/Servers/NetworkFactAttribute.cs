namespace LeaderElection.Tests.Servers;

/// <summary>A test that makes networks; it is skipped, and says so, where that is not allowed.</summary>
internal sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute()
    {
        if (!NetworkNamespace.IsPossible)
            Skip = "making a network needs root on Linux";
    }
}
