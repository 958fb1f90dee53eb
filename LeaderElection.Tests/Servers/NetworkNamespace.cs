using System.Globalization;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>
/// A network of a process's own on this machine, with a virtual cable to the rest of it. The kernel drops what is sent over
/// it: no end of a connection, no refusal, and TCP sends again when it gets through again.
/// </summary>
/// <remarks>Packets are addressed to a network card that is not there, each way by itself: that needs no module of the kernel.</remarks>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private const string Prefix = "election-";
    private const string Card = "02:00:00:00:00:01";
    private const string HostCard = "02:00:00:00:00:02";
    private const string NoCard = "02:00:00:00:00:03";

    private static readonly Lazy<bool> Possible = new(() => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && TryCreate());

    private readonly string _cable;

    private NetworkNamespace(string name, string cable, int number)
    {
        (Name, _cable) = (name, cable);
        HostAddress = string.Create(CultureInfo.InvariantCulture, $"10.231.{number}.1");
        Address = string.Create(CultureInfo.InvariantCulture, $"10.231.{number}.2");
        DeadAddress = string.Create(CultureInfo.InvariantCulture, $"10.231.{number}.3");
    }

    /// <summary>Whether this machine and user may make one.</summary>
    public static bool IsPossible => Possible.Value;

    public string Name { get; }

    /// <summary>Where its processes find the rest of the machine.</summary>
    public string HostAddress { get; }

    /// <summary>Where they listen.</summary>
    public string Address { get; }

    /// <summary>What its processes send there vanishes.</summary>
    public string DeadAddress { get; }

    /// <summary>What a command line begins with that is to run in it, under the process id that it is started with.</summary>
    public string[] Command => ["nsenter", $"--net=/run/netns/{Name}", "--"];

    /// <summary>What follows then, for one process that finds the rest of the machine by a name with two addresses, the first of them dead.</summary>
    /// <param name="name">The name.</param>
    /// <param name="hostsFile">A file to be written, which that process has in place of the machine's.</param>
    public string[] WithName(string name, string hostsFile)
    {
        File.WriteAllText(hostsFile, $"{DeadAddress} {name}\n{HostAddress} {name}\n");
        return ["unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "sh", hostsFile];
    }

    public static async Task<NetworkNamespace> CreateAsync()
    {
        await RemoveAbandonedAsync();
        for (var number = 0; number < 256; number++)
        {
            // The cable's name is taken by one at a time, and the addresses with it.
            var made = new NetworkNamespace($"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}", $"election{number}", number);
            await HostDoAsync($"netns add {made.Name}");
            if (await RunAsync($"link add {made._cable} address {HostCard} type veth peer name eth0 address {Card} netns {made.Name}") == 0)
            {
                await made.ConnectAsync();
                return made;
            }
            await RunAsync($"netns delete {made.Name}");
        }
        throw new InvalidOperationException("no more networks can be made; 'ip link' lists those of tests as election0 to election255");
    }

    /// <summary>From now on nothing gets through, either way.</summary>
    public async Task DropAsync()
    {
        await AddressHostAsync(NoCard);
        await AddressInsideAsync(NoCard);
    }

    /// <summary>From now on its processes hear nothing, and are heard.</summary>
    public Task DeafenAsync() => AddressInsideAsync(NoCard);

    /// <summary>Lets through again.</summary>
    public async Task ResumeAsync()
    {
        await AddressHostAsync(HostCard);
        await AddressInsideAsync(Card);
    }

    /// <summary>Runs a command of <c>ip</c> inside.</summary>
    public Task DoAsync(string command) => HostDoAsync($"-n {Name} {command}");

    /// <summary>Takes the cable away with it; processes that still run in it keep a network without one.</summary>
    public async ValueTask DisposeAsync()
    {
        await RunAsync($"link delete {_cable}");
        await RunAsync($"netns delete {Name}");
    }

    private static bool TryCreate()
    {
        try
        {
            CreateAsync().GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Those of test processes that were killed.</summary>
    private static async Task RemoveAbandonedAsync()
    {
        if (!Directory.Exists("/run/netns"))
            return;
        foreach (var name in Directory.EnumerateFiles("/run/netns", $"{Prefix}*").Select(path => Path.GetFileName(path)))
        {
            if (!Directory.Exists($"/proc/{name.Split('-')[1]}"))
                await RunAsync($"netns delete {name}");
        }
    }

    private static async Task<int> RunAsync(string command)
    {
        await using var process = ChildProcess.Start("ip", command.Split(' '));
        return await process.WaitForExitAsync();
    }

    private static async Task HostDoAsync(string command)
    {
        if (await RunAsync(command) is not 0 and var code)
            throw new InvalidOperationException($"ip {command}: exit code {code}");
    }

    private async Task ConnectAsync()
    {
        await HostDoAsync($"addr add {HostAddress}/29 dev {_cable}");
        await HostDoAsync($"link set {_cable} up");
        await DoAsync($"addr add {Address}/29 dev eth0");
        await DoAsync($"link set eth0 up");
        await DoAsync($"link set lo up");
        await DoAsync($"neigh replace {DeadAddress} lladdr {NoCard} dev eth0 nud permanent");
        await ResumeAsync();
    }

    /// <summary>To which card what is sent from inside goes.</summary>
    private Task AddressHostAsync(string card) => DoAsync($"neigh replace {HostAddress} lladdr {card} dev eth0 nud permanent");

    /// <summary>To which card what is sent to the inside goes.</summary>
    private Task AddressInsideAsync(string card) => HostDoAsync($"neigh replace {Address} lladdr {card} dev {_cable} nud permanent");
}
