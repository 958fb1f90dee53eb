namespace LeaderElection.Etcd.Protocol;

/// <summary>The answer to one step of a transaction.</summary>
internal sealed record ResponseOp
{
    public RangeResponse? ResponseRange { get; init; }

    public TxnResponse? ResponseTxn { get; init; }
}
