using System.Net.Sockets;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>Real servers that are one store together, each to be killed, frozen and started again by itself.</summary>
public abstract class StoreCluster<TServer> : IAsyncDisposable
    where TServer : StoreServer
{
    private protected StoreCluster(IReadOnlyList<TServer> members) => Members = members;

    public IReadOnlyList<TServer> Members { get; }

    /// <summary>Where clients find the members, with commas between them.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Waits until exactly one of the members that answer says that it leads, and returns its index.</summary>
    public async Task<int> LeaderIndexAsync()
    {
        var leaders = await Eventually.GetAsync(
            async () =>
            {
                var leads = await Task.WhenAll(Members.Select(AskAsync));
                return Enumerable.Range(0, Members.Count).Where(i => leads[i]).ToArray();
            },
            static found => found.Length == 1, "one leader among the members");
        return leaders[0];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
    }

    private protected abstract Task<bool> LeadsAsync(TServer member);

    /// <summary>Starts all members; if that fails, nothing of them stays.</summary>
    private protected static async Task<T> StartedAsync<T>(T cluster) where T : StoreCluster<TServer>
    {
        try
        {
            await Task.WhenAll(cluster.Members.Select(m => m.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> AskAsync(TServer member)
    {
        try
        {
            return await LeadsAsync(member);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            // Down or frozen: not the leader of those that serve.
            return false;
        }
    }
}
