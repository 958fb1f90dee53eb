namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchEvent
{
    public string? Type { get; init; }

    public KeyValue Kv { get; set => field = value ?? new(); } = new();

    public bool IsDelete => Type == "DELETE";
}
