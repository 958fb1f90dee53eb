namespace LeaderElection.Etcd.Protocol;

internal static class RangeResponse
{
    /// <returns>The first key of the answer, if there is one.</returns>
    public static KeyValue? Read(EtcdInput input)
    {
        KeyValue? first = null;
        while (input.Next() is not 0 and var tag)
        {
            if (tag == (2 << 3 | 2) && first is null)
                first = input.ReadMessage(KeyValue.Read);
            else
                input.Skip();
        }
        return first;
    }
}
