using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>A candidate's line to a server, or to another raft member.</summary>
/// <param name="Proxy">What stands in it.</param>
/// <param name="IsBehind">Whether the candidate is the one that was connected to.</param>
internal sealed record ChaosLine(DroppingProxy Proxy, bool IsBehind = false)
{
    /// <summary>The candidate hears nothing more, and is heard.</summary>
    public void Deafen()
    {
        if (IsBehind)
            Proxy.DropRequests();
        else
            Proxy.DropAnswers();
    }

    /// <summary>What the candidate has to say is late.</summary>
    public void HoldRequests()
    {
        if (IsBehind)
            Proxy.HoldAnswers();
        else
            Proxy.HoldRequests();
    }

    /// <summary>What the candidate is told is late.</summary>
    public void HoldAnswers()
    {
        if (IsBehind)
            Proxy.HoldRequests();
        else
            Proxy.HoldAnswers();
    }
}
