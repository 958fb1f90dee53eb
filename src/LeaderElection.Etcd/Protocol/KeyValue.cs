namespace LeaderElection.Etcd.Protocol;

internal sealed record KeyValue
{
    public byte[] Key { get; private set; } = [];

    public byte[] Value { get; private set; } = [];

    public long CreateRevision { get; private set; }

    public long ModRevision { get; private set; }

    /// <summary>The lease that it lives as long as; 0 for none.</summary>
    public long Lease { get; private set; }

    public static KeyValue Read(EtcdInput input)
    {
        var kv = new KeyValue();
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    kv.Key = input.ReadBytes();
                    break;
                case 2 << 3:
                    kv.CreateRevision = input.ReadInt64();
                    break;
                case 3 << 3:
                    kv.ModRevision = input.ReadInt64();
                    break;
                case 5 << 3 | 2:
                    kv.Value = input.ReadBytes();
                    break;
                case 6 << 3:
                    kv.Lease = input.ReadInt64();
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return kv;
    }
}
