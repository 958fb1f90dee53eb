namespace LeaderElection.Etcd.Protocol;

internal static class AuthenticateResponse
{
    /// <returns>The token.</returns>
    public static string Read(EtcdInput input)
    {
        var token = "";
        while (input.Next() is not 0 and var tag)
        {
            if (tag == (2 << 3 | 2))
                token = input.ReadString();
            else
                input.Skip();
        }
        return token;
    }
}
