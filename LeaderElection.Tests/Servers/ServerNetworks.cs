using System.Globalization;

namespace LeaderElection.Tests.Servers;

/// <summary>A network for each server of a store, with a cable between each two of them, which can be cut while their clients still reach them.</summary>
internal sealed class ServerNetworks : IAsyncDisposable
{
    private const string NoCard = "02:00:00:00:01:ff";

    private readonly NetworkNamespace[] _networks;

    private ServerNetworks(NetworkNamespace[] networks) => _networks = networks;

    /// <summary>One for each server.</summary>
    public IReadOnlyList<ServerHost> Hosts => [.. _networks.Select((network, i) => new ServerHost(network.Address, AddressOf(i), network.Command))];

    public static async Task<ServerNetworks> CreateAsync(int count)
    {
        var made = new List<NetworkNamespace>();
        try
        {
            for (var i = 0; i < count; i++)
                made.Add(await NetworkNamespace.CreateAsync());
            var networks = new ServerNetworks([.. made]);
            await networks.ConnectAsync();
            return networks;
        }
        catch
        {
            foreach (var network in made)
                await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing that one sends to the other gets there, and nobody is told.</summary>
    public Task CutAsync(int from, int to) => AddressAsync(from, to, NoCard);

    public Task ResumeAsync(int from, int to) => AddressAsync(from, to, CardOf(to));

    public async ValueTask DisposeAsync()
    {
        foreach (var network in _networks)
            await network.DisposeAsync();
    }

    /// <summary>Only servers of one store see it.</summary>
    private static string AddressOf(int server) => string.Create(CultureInfo.InvariantCulture, $"10.232.0.{server + 1}");

    private static string CardOf(int server) => string.Create(CultureInfo.InvariantCulture, $"02:00:00:00:01:{server:x2}");

    private static string CableTo(int server) => $"server{server}";

    private async Task ConnectAsync()
    {
        for (var one = 0; one < _networks.Length; one++)
        {
            await _networks[one].DoAsync($"addr add {AddressOf(one)}/32 dev lo");
            for (var other = 0; other < one; other++)
            {
                await _networks[one].DoAsync(
                    $"link add {CableTo(other)} address {CardOf(one)} type veth peer name {CableTo(one)} address {CardOf(other)} netns {_networks[other].Name}");
            }
        }
        for (var one = 0; one < _networks.Length; one++)
        {
            foreach (var other in Enumerable.Range(0, _networks.Length).Where(i => i != one))
            {
                await _networks[one].DoAsync($"link set {CableTo(other)} up");
                await _networks[one].DoAsync($"route add {AddressOf(other)} dev {CableTo(other)} src {AddressOf(one)}");
                await ResumeAsync(one, other);
            }
        }
    }

    private Task AddressAsync(int from, int to, string card) =>
        _networks[from].DoAsync($"neigh replace {AddressOf(to)} lladdr {card} dev {CableTo(to)} nud permanent");
}
