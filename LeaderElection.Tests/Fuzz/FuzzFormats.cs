namespace LeaderElection.Tests.Fuzz;

internal static class FuzzFormats
{
    public static readonly FuzzFormat[] All =
    [
        .. RaftFormats.All, .. FileFormats.All, ZooKeeperFormat.Create(), .. EtcdFormats.All, .. BoardFormats.All, .. SettingsFormats.All,
    ];
}
