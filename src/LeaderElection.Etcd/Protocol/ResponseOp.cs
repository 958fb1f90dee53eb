namespace LeaderElection.Etcd.Protocol;

/// <summary>The answer to one step of a transaction.</summary>
internal readonly record struct ResponseOp(KeyValue? Found, TxnResponse? Txn)
{
    public static ResponseOp Read(EtcdInput input)
    {
        KeyValue? found = null;
        TxnResponse? txn = null;
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    found = input.ReadMessage(RangeResponse.Read);
                    break;
                case 4 << 3 | 2:
                    txn = input.ReadMessage(TxnResponse.Read);
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return new ResponseOp(found, txn);
    }
}
