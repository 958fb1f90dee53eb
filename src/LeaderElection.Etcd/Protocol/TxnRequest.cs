using Google.Protobuf;

namespace LeaderElection.Etcd.Protocol;

/// <summary>A transaction: if all conditions hold the steps of <see cref="Success"/>, else those of <see cref="Failure"/>.</summary>
internal sealed record TxnRequest() : EtcdStep(4)
{
    public Compare[] Compare { get; init; } = [];

    public EtcdStep[] Success { get; init; } = [];

    public EtcdStep[] Failure { get; init; } = [];

    protected override void Write(CodedOutputStream output)
    {
        foreach (var compare in Compare)
            Write(output, 1, compare);
        foreach (var step in Success)
            Write(output, 2, new RequestOp(step));
        foreach (var step in Failure)
            Write(output, 3, new RequestOp(step));
    }

    private sealed record RequestOp(EtcdStep Step) : EtcdMessage
    {
        protected override void Write(CodedOutputStream output) => Write(output, Step.Field, Step);
    }
}
