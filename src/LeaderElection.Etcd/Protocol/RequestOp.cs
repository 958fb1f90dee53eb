namespace LeaderElection.Etcd.Protocol;

/// <summary>One step of a transaction.</summary>
internal sealed record RequestOp
{
    public RangeRequest? RequestRange { get; init; }

    public PutRequest? RequestPut { get; init; }

    public DeleteRangeRequest? RequestDeleteRange { get; init; }

    public TxnRequest? RequestTxn { get; init; }

    public static implicit operator RequestOp(RangeRequest range) => new() { RequestRange = range };

    public static implicit operator RequestOp(PutRequest put) => new() { RequestPut = put };

    public static implicit operator RequestOp(DeleteRangeRequest delete) => new() { RequestDeleteRange = delete };

    public static implicit operator RequestOp(TxnRequest txn) => new() { RequestTxn = txn };
}
