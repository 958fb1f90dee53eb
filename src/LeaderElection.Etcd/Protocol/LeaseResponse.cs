namespace LeaderElection.Etcd.Protocol;

/// <summary>A lease as etcd tells it: granted, or kept alive.</summary>
internal static class LeaseResponse
{
    /// <returns>Its time to live, in seconds; 0 when it is gone.</returns>
    public static long Read(EtcdInput input)
    {
        var ttl = 0L;
        while (input.Next() is not 0 and var tag)
        {
            if (tag == 3 << 3)
                ttl = input.ReadInt64();
            else
                input.Skip();
        }
        return ttl;
    }
}
