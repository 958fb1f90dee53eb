namespace LeaderElection.Etcd.Protocol;

internal sealed record AuthenticateRequest(string Name, string Password);
