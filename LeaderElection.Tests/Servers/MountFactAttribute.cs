namespace LeaderElection.Tests.Servers;

/// <summary>A test that mounts a file system; it is skipped, and says so, where that is not allowed.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute()
    {
        if (!SmallDisk.IsPossible)
            Skip = "mounting a file system needs root on Linux";
    }
}
