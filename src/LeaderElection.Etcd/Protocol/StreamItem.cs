namespace LeaderElection.Etcd.Protocol;

/// <summary>One line of an answer that comes as a stream.</summary>
internal sealed record StreamItem<T>
{
    public T? Result { get; init; }

    public EtcdErrorBody? Error { get; init; }
}
