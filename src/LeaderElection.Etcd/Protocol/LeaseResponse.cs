namespace LeaderElection.Etcd.Protocol;

/// <summary>A lease as etcd tells it: granted, or kept alive.</summary>
/// <param name="Ttl">Its time to live, in seconds; 0 when it is gone.</param>
/// <param name="Revision">The store's revision, as far as the member that answered knows; 0 when the answer named none.</param>
internal readonly record struct LeaseResponse(long Ttl, long Revision)
{
    public static LeaseResponse Read(EtcdInput input)
    {
        var (ttl, revision) = (0L, 0L);
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    revision = input.ReadMessage(ResponseHeader.Read);
                    break;
                case 3 << 3:
                    ttl = input.ReadInt64();
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return new LeaseResponse(ttl, revision);
    }
}
