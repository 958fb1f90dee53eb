namespace LeaderElection.Etcd.Protocol;

internal static class ResponseHeader
{
    /// <returns>The store's revision.</returns>
    public static long Read(EtcdInput input)
    {
        var revision = 0L;
        while (input.Next() is not 0 and var tag)
        {
            if (tag == 3 << 3)
                revision = input.ReadInt64();
            else
                input.Skip();
        }
        return revision;
    }
}
