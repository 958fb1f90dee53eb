namespace LeaderElection.Etcd.Protocol;

/// <summary>The keys that hang on a lease.</summary>
internal static class LeaseKeysResponse
{
    public static IReadOnlyList<byte[]> Read(EtcdInput input)
    {
        var keys = new List<byte[]>();
        while (input.Next() is not 0 and var tag)
        {
            if (tag == (5 << 3 | 2))
                keys.Add(input.ReadBytes());
            else
                input.Skip();
        }
        return keys;
    }
}
