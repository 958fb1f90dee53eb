using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real redis-server on a free port, with its own data folder, that keeps each write through a crash.</summary>
public sealed class RedisServer : StoreServer
{
    private readonly string[] _settings;

    private RedisServer(string[] settings) => _settings = settings;

    public int Port { get; } = FreePort.Next();

    /// <summary>The port with TLS, where the settings say so.</summary>
    public string SecurePort => _settings[Array.IndexOf(_settings, "--tls-port") + 1];

    public string Endpoint => $"127.0.0.1:{Port}";

    public static Task<RedisServer> StartNewAsync(params string[] settings) => StartedAsync(new RedisServer(settings));

    public override async Task StartAsync()
    {
        Process = ChildProcess.Start(
            "redis-server",
            ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Data.Path, "--save", "", "--appendonly", "yes", "--appendfsync", "always", .. _settings]);
        await Process.WaitForLineAsync("Ready to accept connections");
    }

    /// <summary>Throws away what it wrote to disk; call it while it is down.</summary>
    public void Forget()
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(Data.Path).ToArray())
        {
            if (Directory.Exists(entry))
                Directory.Delete(entry, recursive: true);
            else
                File.Delete(entry);
        }
    }

    /// <summary>Runs a command with redis-cli, and returns what it prints.</summary>
    public async Task<string> CliAsync(params string[] command)
    {
        await using var cli = ChildProcess.Start("redis-cli", ["-p", $"{Port}", .. command]);
        await cli.WaitForExitAsync();
        return string.Join('\n', cli.StandardOutput);
    }

    /// <summary>How often the server has run a command, also from within scripts.</summary>
    public async Task<int> CallsAsync(string command)
    {
        var line = (await CliAsync("INFO", "commandstats")).Split('\n').FirstOrDefault(l => l.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line.Split("calls=")[1].Split(',')[0]);
    }
}
