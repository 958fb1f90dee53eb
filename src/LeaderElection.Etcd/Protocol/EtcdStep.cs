namespace LeaderElection.Etcd.Protocol;

/// <summary>What can be a step of a transaction.</summary>
/// <param name="Field">Its field in a <c>RequestOp</c>.</param>
internal abstract record EtcdStep(int Field) : EtcdMessage;
