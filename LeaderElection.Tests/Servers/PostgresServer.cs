using LeaderElection.Tests.Processes;
using Npgsql;

namespace LeaderElection.Tests.Servers;

/// <summary>A real PostgreSQL server on a free port, with its own data folder.</summary>
public sealed class PostgresServer : StoreServer
{
    private PostgresServer()
    {
    }

    public int Port { get; } = FreePort.Next();

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres;Pooling=false";

    public static Task<PostgresServer> StartNewAsync() => StartedAsync(new PostgresServer());

    public override async Task StartAsync()
    {
        if (!Directory.Exists(Folder))
        {
            // It refuses to run as root.
            if (Environment.IsPrivilegedProcess)
                await RunAsync("chown", ["nobody", Data.Path]);
            var (program, before) = Command("initdb");
            await RunAsync(program, [.. before, "--pgdata", Folder, "--username", "postgres", "--auth", "trust", "--no-sync"]);
        }
        var (postgres, first) = Command("postgres");
        Process = ChildProcess.Start(
            postgres,
            [.. first, "-D", Folder, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                // In its own folder: killed, it leaves nothing elsewhere.
                "-c", "dynamic_shared_memory_type=mmap"],
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

    private string Folder => Data.File("postgres");

    private static (string Program, string[] Arguments) Command(string name)
    {
        // Debian keeps the server's programs outside of PATH.
        var path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin", name)).LastOrDefault(File.Exists) ?? name
            : name;
        return Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", path]) : (path, []);
    }
}
