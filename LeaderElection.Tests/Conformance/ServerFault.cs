namespace LeaderElection.Tests.Conformance;

/// <summary>What is wrong with one of several servers.</summary>
public enum ServerFault
{
    None,
    Dead,
    Frozen,
    Emptied,
}
