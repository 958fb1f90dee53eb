namespace LeaderElection.Etcd.Protocol;

internal sealed record TxnResponse
{
    public ResponseHeader? Header { get; init; }

    public bool Succeeded { get; init; }

    public ResponseOp?[] Responses { get; set => field = value ?? []; } = [];
}
