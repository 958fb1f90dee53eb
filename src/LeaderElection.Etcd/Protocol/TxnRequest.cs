namespace LeaderElection.Etcd.Protocol;

/// <summary>A transaction: if all conditions hold the steps of <see cref="Success"/>, else those of <see cref="Failure"/>.</summary>
internal sealed record TxnRequest
{
    public Compare[]? Compare { get; init; }

    public RequestOp[]? Success { get; init; }

    public RequestOp[]? Failure { get; init; }
}
