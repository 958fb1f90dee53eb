namespace LeaderElection.Etcd.Protocol;

internal sealed record TxnResponse
{
    /// <summary>The store's revision after it; 0 when the answer named none.</summary>
    public long Revision { get; private set; }

    public bool Succeeded { get; private set; }

    public List<ResponseOp> Responses { get; } = [];

    public static TxnResponse Read(EtcdInput input)
    {
        var txn = new TxnResponse();
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    txn.Revision = input.ReadMessage(ResponseHeader.Read);
                    break;
                case 2 << 3:
                    txn.Succeeded = input.ReadBool();
                    break;
                case 3 << 3 | 2:
                    txn.Responses.Add(input.ReadMessage(ResponseOp.Read));
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return txn;
    }
}
