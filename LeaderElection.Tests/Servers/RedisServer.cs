using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>A real redis-server on a free port, with its own data folder, that keeps each write through a crash.</summary>
public sealed class RedisServer : StoreServer
{
    private static readonly string? FakeTime = new[] { "/usr/lib", "/usr/lib64" }
        .Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }))
        .FirstOrDefault();

    private readonly string[] _settings;
    private TimeSpan? _clockOffset;

    private RedisServer(string[] settings) => _settings = settings;

    public int Port { get; } = FreePort.Next();

    /// <summary>The port with TLS, where the settings say so.</summary>
    public string SecurePort => _settings[Array.IndexOf(_settings, "--tls-port") + 1];

    public string Endpoint => $"127.0.0.1:{Port}";

    public static Task<RedisServer> StartNewAsync(params string[] settings) => StartedAsync(new RedisServer(settings));

    /// <summary>Whether a server's wall clock can be stepped here: with Debian's faketime.</summary>
    public static bool CanStepClock => FakeTime is not null;

    /// <summary>One whose clock can be stepped.</summary>
    public static Task<RedisServer> StartNewWithClockAsync() => StartedAsync(new RedisServer([]) { _clockOffset = TimeSpan.Zero });

    public override async Task StartAsync()
    {
        Process = ChildProcess.Start(
            "redis-server",
            ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Data.Path, "--save", "", "--appendonly", "yes", "--appendfsync", "always", .. _settings],
            _clockOffset is null ? [] : ClockEnvironment());
        await Process.WaitForLineAsync("Ready to accept connections");
    }

    /// <summary>Sets its wall clock forward or back, from where it is; its monotonic clock goes on.</summary>
    public async Task StepClockAsync(TimeSpan by)
    {
        var before = await TimeAsync();
        var since = TimeProvider.System.GetTimestamp();
        _clockOffset += by;
        // It looks there once a second.
        WriteClock();
        await Eventually.GetAsync(
            async () => await TimeAsync() - before - TimeProvider.System.GetElapsedTime(since),
            stepped => (stepped - by).Duration() < by.Duration() / 2, "the clock to be set");
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

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        File.Delete(ClockFile);
    }

    private async Task<TimeSpan> TimeAsync()
    {
        var parts = (await CliAsync("TIME")).Split('\n');
        return TimeSpan.FromSeconds(long.Parse(parts[0])) + TimeSpan.FromMicroseconds(long.Parse(parts[1]));
    }

    private string ClockFile => Data.Path + ".clock";

    private void WriteClock() => File.WriteAllText(ClockFile, FormattableString.Invariant($"{_clockOffset!.Value.TotalSeconds:+0.000;-0.000}\n"));

    /// <summary>The C library before jemalloc: that one asks for the time while it allocates, before there is any.</summary>
    private KeyValuePair<string, string?>[] ClockEnvironment()
    {
        WriteClock();
        return
        [
            new("LD_PRELOAD", $"{FakeTime}:libc.so.6"), new("FAKETIME_TIMESTAMP_FILE", ClockFile),
            new("FAKETIME_CACHE_DURATION", "1"), new("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
    }
}
