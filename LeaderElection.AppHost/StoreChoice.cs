namespace LeaderElection.AppHost;

internal enum StoreChoice
{
    /// <summary>A container where a runtime answers, else a native server, else none.</summary>
    Auto,
    Container,
    Native,
    None,
}
