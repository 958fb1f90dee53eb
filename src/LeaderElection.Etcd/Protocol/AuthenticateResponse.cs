namespace LeaderElection.Etcd.Protocol;

internal sealed record AuthenticateResponse
{
    public string? Token { get; init; }
}
