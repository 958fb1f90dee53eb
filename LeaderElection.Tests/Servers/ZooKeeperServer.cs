using System.Net;
using System.Net.Sockets;
using LeaderElection.Tests.Interop;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real ZooKeeper server on free ports: alone, or one of a <see cref="ZooKeeperEnsemble"/>.</summary>
/// <remarks>It grants sessions of 0.4 to 60 seconds, in ticks of 0.2; what a client wishes beyond that it puts right.</remarks>
public sealed class ZooKeeperServer : StoreServer
{
    private readonly int _id;
    private readonly int _quorumPort = FreePort.Next();
    private readonly int _electionPort = FreePort.Next();
    private readonly int _securePort = FreePort.Next();
    private readonly ServerTls? _tls;
    private readonly string[] _settings;
    private readonly ServerHost _host;
    private string[] _members = [];

    internal ZooKeeperServer(int id, ServerTls? tls, string[] settings, ServerHost? host = null)
    {
        _id = id;
        _host = host ?? ServerHost.Loopback;
        _tls = tls;
        _settings = settings;
    }

    /// <summary>The port without TLS; it is open in any case, for the four-letter words.</summary>
    public int PlainPort { get; } = FreePort.Next();

    /// <summary>The address that belongs to its ports.</summary>
    public string Address => _host.Address;

    public int Port => _tls is null ? PlainPort : _securePort;

    /// <summary>Where its clients find it.</summary>
    public string Endpoint => $"{Address}:{Port}";

    internal string Membership => $"server.{_id}={_host.PeerAddress}:{_quorumPort}:{_electionPort}";

    /// <summary>Of a ZooKeeper release in ZOOKEEPER_HOME, or else of the Debian package, whose own class path has only half of Netty.</summary>
    private static string ClassPath { get; } = Environment.GetEnvironmentVariable("ZOOKEEPER_HOME") is { Length: > 0 } home
        ? Path.Combine(home, "lib", "*")
        : string.Join(':', new[] { "zookeeper", "slf4j-simple", "netty-codec", "netty-resolver" }.Select(jar => $"/usr/share/java/{jar}.jar"));

    /// <param name="settings">Further lines of its zoo.cfg; the last of a name counts.</param>
    public static Task<ZooKeeperServer> StartNewAsync(params string[] settings) => StartNewAsync(null, settings);

    internal static Task<ZooKeeperServer> StartNewAsync(ServerTls? tls, params string[] settings) =>
        StartedAsync(new ZooKeeperServer(1, tls, settings));

    /// <inheritdoc/>
    /// <remarks>A member of an ensemble serves only once a majority runs.</remarks>
    public override async Task StartAsync()
    {
        await File.WriteAllLinesAsync(Data.File("zoo.cfg"),
            [
                "tickTime=200", "maxSessionTimeout=60000", "initLimit=50", "syncLimit=10",
                $"dataDir={Data.File("data")}", $"clientPort={PlainPort}", $"clientPortAddress={Address}",
                "maxClientCnxns=0", "admin.enableServer=false", "4lw.commands.whitelist=*",
                .. _members, .. TlsSettings(), .. _settings,
            ]);
        Directory.CreateDirectory(Data.File("data"));
        await File.WriteAllTextAsync(Data.File("data/myid"), $"{_id}");
        Process = StartProcess(_host, "java",
            [
                "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", ClassPath, "org.apache.zookeeper.server.quorum.QuorumPeerMain", Data.File("zoo.cfg"),
            ]);
        await ServesAsync(async () => await ModeAsync() is not null, $"ZooKeeper at {Endpoint}");
    }

    /// <summary>Takes all that it has away. It must not run.</summary>
    public void Wipe() => Directory.Delete(Data.File("data"), recursive: true);

    /// <summary>What it answers to one of ZooKeeper's four-letter words, such as <c>mntr</c>.</summary>
    public async Task<string> FourLetterAsync(string word)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Parse(Address), PlainPort, late.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(word), late.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(late.Token);
    }

    /// <summary><c>standalone</c>, <c>leader</c> or <c>follower</c>; <see langword="null"/> while it does not serve.</summary>
    public async Task<string?> ModeAsync()
    {
        try
        {
            const string Mode = "Mode: ";
            return (await FourLetterAsync("srvr")).Split('\n').FirstOrDefault(l => l.StartsWith(Mode, StringComparison.Ordinal))?[Mode.Length..];
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>An operator's hand: <c>ls PATH</c>, <c>get PATH</c>, <c>create PATH [VALUE]</c>, <c>set PATH VALUE</c>, <c>acl PATH RIGHTS</c> (everybody's, of <c>rwcda</c>) or <c>delete PATH</c> (with all below).</summary>
    /// <returns>The children's names, sorted, or the value.</returns>
    public Task<string> CliAsync(params string[] command) =>
        RunAsync(KazooCandidate.Python, [KazooCandidate.Script("zookeeper_operator.py"), $"{Address}:{PlainPort}", .. command]);

    internal void Join(IEnumerable<string> members) => _members = [.. members];

    private string[] TlsSettings() => _tls is null
        ? []
        :
        [
            "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory", $"secureClientPort={_securePort}", $"secureClientPortAddress={Address}",
            $"ssl.keyStore.location={_tls.Server.Pkcs12File}", $"ssl.keyStore.password={TestCertificate.Pkcs12Password}", "ssl.keyStore.type=PKCS12",
            $"ssl.trustStore.location={_tls.Authority.CertificateFile}", "ssl.trustStore.type=PEM",
            $"ssl.clientAuth={(_tls.AsksForClientCertificate ? "need" : "none")}",
        ];
}
