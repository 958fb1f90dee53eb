using LeaderElection.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Raft;

/// <summary>A proxy before one member, and the options with which the members meet there.</summary>
internal sealed class DroppingLine : IAsyncDisposable
{
    private readonly string _address;

    private DroppingLine(string address)
    {
        _address = address;
        Proxy = new DroppingProxy(int.Parse(address.Split(':')[1]));
    }

    public DroppingProxy Proxy { get; }

    public static DroppingLine Before(RaftElectionOptions options, string member) =>
        new(options.ConnectionString!.Split(';')[0].Split(',').Select(m => m.Split('=')).Single(m => m[0] == member)[1]);

    public void Apply(RaftElectionOptions options, bool isBehind)
    {
        options.ConnectionString = options.ConnectionString!.Replace(_address, Proxy.Endpoint, StringComparison.Ordinal);
        options.Listen = isBehind ? _address : null;
        // What the proxy accepts or refuses says nothing about the member behind it.
        options.RefusedMeansDead = false;
    }

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();
}
