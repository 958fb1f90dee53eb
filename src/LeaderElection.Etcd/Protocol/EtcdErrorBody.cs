namespace LeaderElection.Etcd.Protocol;

/// <summary>What etcd says instead of an answer. In a stream, versions before 3.6 name the code differently.</summary>
internal sealed record EtcdErrorBody
{
    public string? Message { get; init; }

    public int Code { get; init; }

    public int GrpcCode { get; init; }

    public EtcdFailure ToFailure() => new(GrpcCode != 0 ? GrpcCode : Code, Message is null ? "it failed without saying why" : EtcdReply.Words(Message));
}
