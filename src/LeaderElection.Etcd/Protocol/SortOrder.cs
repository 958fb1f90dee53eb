namespace LeaderElection.Etcd.Protocol;

internal enum SortOrder
{
    None,
    Ascend,
    Descend,
}
