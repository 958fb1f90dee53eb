namespace LeaderElection.Hosting;

/// <summary>The images of the stores, pinned: what was tried today should be what runs tomorrow.</summary>
internal static class StoreContainerImageTags
{
    public const string EtcdRegistry = "quay.io";
    public const string EtcdImage = "coreos/etcd";
    public const string EtcdTag = "v3.6.16";

    public const string ZooKeeperRegistry = "docker.io";
    public const string ZooKeeperImage = "library/zookeeper";
    public const string ZooKeeperTag = "3.9.5";
}
