namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchEvent(bool IsDelete, KeyValue Kv)
{
    private const long Delete = 1;

    public static WatchEvent Read(EtcdInput input)
    {
        var type = 0L;
        KeyValue? kv = null;
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3:
                    type = input.ReadInt64();
                    break;
                case 2 << 3 | 2:
                    kv = input.ReadMessage(KeyValue.Read);
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return new WatchEvent(type == Delete, kv ?? new KeyValue());
    }
}
