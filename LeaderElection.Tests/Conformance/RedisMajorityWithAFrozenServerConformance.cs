namespace LeaderElection.Tests.Conformance;

public sealed class RedisMajorityWithAFrozenServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Frozen;
}
