using System.Globalization;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real etcd member on free ports: alone, or one of an <see cref="EtcdCluster"/>.</summary>
public sealed class EtcdServer : StoreServer
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly int _port = FreePort.Next();
    private readonly int _peerPort = FreePort.Next();

    // Plain, also where the clients' port has TLS, so that health and metrics can always be asked.
    private readonly int _metricsPort = FreePort.Next();
    private readonly string _name;
    private readonly ServerTls? _tls;
    private readonly string[] _settings;
    private readonly ServerHost _host;
    private string _members;

    internal EtcdServer(string name, ServerTls? tls, string[] settings, ServerHost? host = null)
    {
        _name = name;
        _host = host ?? ServerHost.Loopback;
        _tls = tls;
        _settings = settings;
        _members = Membership;
    }

    public int Port => _port;

    /// <summary>The address that belongs to it.</summary>
    public string Address => _host.Address;

    /// <summary>Where its clients find it.</summary>
    public string Endpoint => $"{(_tls is null ? "http" : "https")}://{Address}:{_port}";

    /// <summary>Where its health and metrics are, and nothing else.</summary>
    public string MetricsEndpoint => $"http://{Address}:{_metricsPort}";

    internal string Membership => $"{_name}={PeerEndpoint}";

    private string PeerEndpoint => $"http://{_host.PeerAddress}:{_peerPort}";

    /// <param name="settings">Further arguments of etcd.</param>
    public static Task<EtcdServer> StartNewAsync(params string[] settings) => StartNewAsync(null, settings);

    internal static Task<EtcdServer> StartNewAsync(ServerTls? tls, params string[] settings) => StartedAsync(new EtcdServer("one", tls, settings));

    /// <inheritdoc/>
    /// <remarks>A member of a cluster serves only once a majority runs.</remarks>
    public override async Task StartAsync()
    {
        Process = StartProcess(_host, "etcd",
            [
                "--name", _name, "--data-dir", Data.File("etcd"),
                "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
                "--listen-peer-urls", PeerEndpoint, "--initial-advertise-peer-urls", PeerEndpoint,
                "--listen-metrics-urls", MetricsEndpoint,
                "--initial-cluster", _members, "--initial-cluster-state", "new",
                "--logger", "zap", "--log-level", "warn",
                .. TlsArguments(), .. _settings,
            ]);
        await ServesAsync(async () => (await AskAsync("health")).Contains("\"health\":\"true\"", StringComparison.Ordinal), $"etcd at {Endpoint}");
    }

    /// <summary>Where a backup is put.</summary>
    public string BackupFile => Data.File("backup");

    /// <summary>Saves what it has, as a backup does.</summary>
    public Task BackUpAsync() => CtlAsync("snapshot", "save", BackupFile);

    /// <summary>Puts the backup in the place of what it has. It must not run.</summary>
    /// <param name="backupFile">Whose, if not its own.</param>
    public async Task RestoreAsync(string? backupFile = null)
    {
        Wipe();
        await RunAsync(
            "etcdctl",
            [
                "snapshot", "restore", backupFile ?? BackupFile, "--data-dir", Data.File("etcd"), "--name", _name,
                "--initial-cluster", _members, "--initial-advertise-peer-urls", PeerEndpoint,
            ],
            CtlEnvironment);
    }

    /// <summary>Takes all that it has away. It must not run.</summary>
    public void Wipe() => Directory.Delete(Data.File("etcd"), recursive: true);

    /// <summary>Runs a command with etcdctl (API 3), as an operator would, and returns what it prints.</summary>
    public Task<string> CtlAsync(params string[] command) => RunAsync("etcdctl", [.. CtlArguments, .. command], CtlEnvironment);

    /// <summary>A counter or gauge of the server, summed over its labels; 0 if it has none of that name.</summary>
    public async Task<double> MetricAsync(string name) =>
        (await AskAsync("metrics")).Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>What etcdctl needs to talk to this member.</summary>
    internal IEnumerable<string> CtlArguments =>
    [
        "--endpoints", Endpoint,
        .. _tls is null ? Array.Empty<string>() : ["--cacert", _tls.Authority.CertificateFile, "--cert", _tls.Client.CertificateFile, "--key", _tls.Client.KeyFile],
    ];

    internal static IEnumerable<KeyValuePair<string, string?>> CtlEnvironment { get; } = [new("ETCDCTL_API", "3")];

    internal void Join(string members) => _members = members;

    private Task<string> AskAsync(string path) => _http.GetStringAsync($"{MetricsEndpoint}/{path}");

    private string[] TlsArguments() => _tls is null
        ? []
        :
        [
            "--cert-file", _tls.Server.CertificateFile, "--key-file", _tls.Server.KeyFile, "--trusted-ca-file", _tls.Authority.CertificateFile,
            .. _tls.AsksForClientCertificate ? ["--client-cert-auth"] : Array.Empty<string>(),
        ];
}
