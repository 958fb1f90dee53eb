namespace LeaderElection.Etcd.Protocol;

internal sealed record WatchResponse
{
    /// <summary>The store's revision.</summary>
    public long Revision { get; private set; }

    public long WatchId { get; private set; }

    public bool Created { get; private set; }

    public bool Canceled { get; private set; }

    public string CancelReason { get; private set; } = "";

    public long CompactRevision { get; private set; }

    public List<WatchEvent> Events { get; } = [];

    public static WatchResponse Read(EtcdInput input)
    {
        var response = new WatchResponse();
        while (input.Next() is not 0 and var tag)
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    response.Revision = input.ReadMessage(ResponseHeader.Read);
                    break;
                case 2 << 3:
                    response.WatchId = input.ReadInt64();
                    break;
                case 3 << 3:
                    response.Created = input.ReadBool();
                    break;
                case 4 << 3:
                    response.Canceled = input.ReadBool();
                    break;
                case 5 << 3:
                    response.CompactRevision = input.ReadInt64();
                    break;
                case 6 << 3 | 2:
                    response.CancelReason = input.ReadString();
                    break;
                case 11 << 3 | 2:
                    response.Events.Add(input.ReadMessage(WatchEvent.Read));
                    break;
                default:
                    input.Skip();
                    break;
            }
        }
        return response;
    }
}
