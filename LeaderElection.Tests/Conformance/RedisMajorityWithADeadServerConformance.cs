namespace LeaderElection.Tests.Conformance;

public sealed class RedisMajorityWithADeadServerConformance : RedisMajorityConformance
{
    protected override ServerFault Fault => ServerFault.Dead;
}
