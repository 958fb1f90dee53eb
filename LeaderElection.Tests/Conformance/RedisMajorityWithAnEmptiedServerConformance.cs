namespace LeaderElection.Tests.Conformance;

public sealed class RedisMajorityWithAnEmptiedServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Emptied;
}
