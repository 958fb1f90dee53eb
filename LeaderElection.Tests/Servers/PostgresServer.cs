using LeaderElection.Tests.Processes;
using Npgsql;

namespace LeaderElection.Tests.Servers;

/// <summary>A real PostgreSQL server on a free port, with its own data folder.</summary>
public sealed class PostgresServer : StoreServer
{
    private static readonly Lazy<Task<TemporaryFolder>> Empty = new(CreateEmptyAsync);

    private readonly string[] _settings;

    private PostgresServer(string[] settings) => _settings = settings;

    public int Port { get; } = FreePort.Next();

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres;Pooling=false";

    /// <param name="settings">Of its configuration, as <c>name=value</c>.</param>
    public static Task<PostgresServer> StartNewAsync(params string[] settings) => StartedAsync(new PostgresServer(settings));

    public override async Task StartAsync()
    {
        if (!Directory.Exists(Folder))
        {
            await OwnAsync(Data.Path);
            var (copy, first) = Unprivileged("cp");
            await RunAsync(copy, [.. first, "-r", (await Empty.Value).File("postgres"), Folder]);
        }
        var (postgres, before) = Command("postgres");
        Process = ChildProcess.Start(
            postgres,
            [.. before, "-D", Folder, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                // In its own folder: killed, it leaves nothing elsewhere.
                "-c", "dynamic_shared_memory_type=mmap",
                .. _settings.SelectMany(setting => new[] { "-c", setting })],
            workingDirectory: Data.Path);
        await ServesAsync(
            async () =>
            {
                try
                {
                    await using var connection = new NpgsqlConnection(ConnectionString);
                    await connection.OpenAsync();
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "PostgreSQL");
    }

    /// <summary>Runs commands as the superuser.</summary>
    /// <returns>The first value of the first row, as text; empty where there is none.</returns>
    public async Task<string> RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>Has it offer TLS.</summary>
    internal async Task SecureAsync(TestCertificate certificate)
    {
        foreach (var (name, source) in ((string, string)[])[("server.crt", certificate.CertificateFile), ("server.key", certificate.KeyFile)])
            await RunAsync("install", [.. Environment.IsPrivilegedProcess ? (string[])["-o", "nobody"] : [], "-m", "600", source, Path.Combine(Folder, name)]);
        await RunAsync("ALTER SYSTEM SET ssl = on");
        await ReloadAsync();
        await Eventually.GetAsync(() => RunAsync("SHOW ssl"), isOn => isOn == "on", "TLS");
    }

    /// <summary>Lets in who fits one of the lines of <c>pg_hba.conf</c>, and the superuser by the address of the tests.</summary>
    public async Task AdmitAsync(params string[] lines)
    {
        await RunAsync($"COPY (SELECT unnest(ARRAY['{string.Join("', '", [.. lines, "host all postgres 127.0.0.1/32 trust"])}'])) TO '{Folder}/pg_hba.conf'");
        await ReloadAsync();
    }

    private async Task ReloadAsync() => await RunAsync("SELECT pg_reload_conf()");

    private string Folder => Data.File("postgres");

    /// <summary>Creates what each server begins with: once, as that takes longer than most tests.</summary>
    private static async Task<TemporaryFolder> CreateEmptyAsync()
    {
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        await OwnAsync(folder.Path);
        var (program, before) = Command("initdb");
        await RunAsync(
            program, [.. before, "--pgdata", folder.File("postgres"), "--username", "postgres", "--auth", "trust", "--no-sync", "--wal-segsize", "1"]);
        return folder;
    }

    /// <summary>It refuses to run as root.</summary>
    private static async Task OwnAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", ["nobody", folder]);
    }

    private static (string Program, string[] Arguments) Command(string name) => Unprivileged(PathOf(name));

    private static (string Program, string[] Arguments) Unprivileged(string path) =>
        Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", path]) : (path, []);

    private static string PathOf(string name)
    {
        // Debian keeps the server's programs outside of PATH.
        return Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin", name)).LastOrDefault(File.Exists) ?? name
            : name;
    }
}
