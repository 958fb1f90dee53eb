using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

internal sealed record AuthenticateRequest(string Name, string Password) : EtcdMessage
{
    /// <summary>Free of the password, wherever it may be printed.</summary>
    public override string ToString() => Name;

    protected override void Write(CodedOutputStream output)
    {
        Write(output, 1, Name);
        Write(output, 2, Password);
    }
}
