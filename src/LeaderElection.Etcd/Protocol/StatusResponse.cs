namespace LeaderElection.Etcd.Protocol;

internal static class StatusResponse
{
    /// <returns>The member that leads the cluster; 0 while there is none.</returns>
    public static ulong Read(EtcdInput input)
    {
        var leader = 0UL;
        while (input.Next() is not 0 and var tag)
        {
            if (tag == 4 << 3)
                leader = (ulong)input.ReadInt64();
            else
                input.Skip();
        }
        return leader;
    }
}
