namespace LeaderElection.Tests.Servers;

internal static class FreePort
{
    /// <summary>A port that is free now, and that no other caller of this process gets.</summary>
    public static int Next() => LeaderElection.Hosting.FreePort.Next();
}
