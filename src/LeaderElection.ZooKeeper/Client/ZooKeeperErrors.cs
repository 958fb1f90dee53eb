namespace LeaderElection.ZooKeeper.Client;

/// <summary>What is wrong, in one line.</summary>
internal static class ZooKeeperErrors
{
    /// <param name="where">The servers and the node.</param>
    public static ElectionStoreException Explain(ErrorCode code, string where)
    {
        var (what, transient) = code switch
        {
            ErrorCode.NoAuth => ("the node's ACL does not allow it; check UserName and Password, and who created the node", false),
            ErrorCode.InvalidAcl => ("the server refused the ACL; to protect nodes it needs a UserName and a Password", false),
            ErrorCode.AuthFailed => ("the user name and password were refused", false),
            ErrorCode.SaslRequired => ("the server demands SASL, which is not supported; use digest or TLS client certificates", false),
            ErrorCode.NoNode => ("the node does not exist", true),
            ErrorCode.NodeExists => ("the node exists already", true),
            ErrorCode.NotEmpty => ("the node has children", true),
            ErrorCode.BadVersion => ("the node was changed meanwhile", true),
            ErrorCode.NoChildrenForEphemerals => ("the node is ephemeral and cannot have children; delete it, or choose another RootPath", false),
            ErrorCode.BadArguments => ("the server refused the request as malformed", false),
            ErrorCode.Unimplemented => ("the server does not know the request; it must be ZooKeeper 3.5 or later", false),
            ErrorCode.QuotaExceeded => ("the quota is used up", false),
            ErrorCode.NotReadOnly => ("the server is cut off from its ensemble and only reads", true),
            ErrorCode.SessionExpired => ("the session has expired", true),
            ErrorCode.SessionMoved => ("the session has moved to another server", true),
            ErrorCode.ConnectionLoss => ("the connection was lost", true),
            ErrorCode.OperationTimeout or ErrorCode.RequestTimeout => ("the server did not answer in time", true),
            ErrorCode.ThrottledOp => ("the server is overloaded", true),
            _ => ($"the server failed with error {(int)code}", true),
        };
        return new ElectionStoreException($"{where}: {what}", transient);
    }
}
