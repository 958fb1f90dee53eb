using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LeaderElection.AppHost;
using LeaderElection.Board.Actions;
using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Playground;
using LeaderElection.Playground.CommandLine;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.Strategies;
using LeaderElection.ZooKeeper;
using LeaderElection.ZooKeeper.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using WorkerDurations = LeaderElection.Strategies.Durations;
using WorkerText = LeaderElection.Playground.Text;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What people write: connection strings, options, command lines, durations.</summary>
internal static class SettingsFormats
{
    /// <summary>Stands where a password stands; no refusal may repeat it.</summary>
    private const string Secret = "hunter2-hunter2-hunter2";

    private static readonly byte[][] Addresses = Utf8(
        $"rm0=127.0.0.1:7000,m1=host.example:7001/5,m2=[::1]:7002;cluster=c;secret={Secret}",
        $"eetcd-0:2379,https://etcd-1:2379,http://[::1]:2379;username=u;password={Secret}",
        "zhost:2181,[::1]:2182,10.0.0.3/folder/below",
        "zhost",
        $"dlocalhost:6379,password={Secret},ssl=false,defaultDatabase=3,connectTimeout=500",
        "da:1;b:2;c:3");

    private static readonly byte[][] Times =
    [
        TimesOf(0, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), 0.01),
        TimesOf(1, TimeSpan.FromMilliseconds(150), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(1), 0.01),
    ];

    /// <summary>Arguments with NULs between them, which none can have; the first character says whose.</summary>
    private static readonly byte[][] Arguments = Utf8(
        $"w--strategy\0redis\0--redis\0localhost:6379,password={Secret}\0--election=e\0--node-id\0a\0--lease-duration\05s",
        "w--strategy=raft\0--raft\0m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=0123456789abcdef\0--member=m0\0--status",
        "a--strategies\0file,raft\0--replicas\05\0--stores=native\0--board-port\00\0--lease-duration\0500ms\0--scenario\0partition",
        "a--data-dir=data\0--Logging:LogLevel:Default=Debug\0--lease-duration=00:00:05");

    private static readonly byte[][] Durations = Utf8("15s", "500ms", "2m", "1h", "00:00:15", "-1s", "1.5s", " 3s ", "364.23:59:59.9999999");

    public static readonly FuzzFormat[] All =
    [
        new("connection-strings", Addresses, ReadAddress)
        {
            Words = [";", ",", "=", "://", "@", "%00", "[::1%lo]", "user:" + Secret + "@", "password=", "secret=", "..", "/", "a.b", "\u0130", "\u2028", new('a', 300)],
        },
        new("options", Times, ReadTimes),
        new("command-lines", Arguments, ReadArguments)
        {
            Words =
            [
                "\0", "\0--", "--", "-", "=", "\0--help\0", "--version", "@file", "\0--\0", "--strategy", "--lease-duration", "--stores", " 1", "auto,none", "--status=maybe",
                "\0--redis\0" + Secret, "-10675199.02:48:05.4775808", "\u0130", "\"", "[strategy]", "/", "1e400s",
            ],
        },
        new("durations", Durations, ReadDuration) { Words = ["-10675199.02:48:05.4775808", "10675199.02:48:05.4775807", "NaN", "∞", "1e300h", "٣s", "ms", ":"] },
    ];

    private static byte[][] Utf8(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static byte[] TimesOf(byte kind, TimeSpan lease, TimeSpan renew, TimeSpan retry, TimeSpan margin, double drift) =>
        [kind, .. MemoryMarshal.AsBytes<long>([lease.Ticks, renew.Ticks, retry.Ticks, margin.Ticks, BitConverter.DoubleToInt64Bits(drift)])];

    private static string? ReadAddress(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input.AsSpan(Math.Min(1, input.Length)));
        var options = CreateOptions(input is [var kind, ..] ? kind : (byte)'z');
        switch (options)
        {
            case RaftElectionOptions raft:
                (raft.ConnectionString, raft.Member) = (text, "m0");
                break;
            case EtcdElectionOptions etcd:
                etcd.ConnectionString = text;
                break;
            case RedisElectionOptions redis:
                redis.ConnectionString = text;
                break;
            case ZooKeeperElectionOptions zookeeper:
                zookeeper.ConnectionString = text;
                break;
        }
        if (Problems(options) is { } problem)
            return problem;
        // Accepted, it is good for what the backend does with it, and what it was taken for is what errors will show.
        switch (options)
        {
            case RaftElectionOptions:
                Assert.Null(RaftAddress.TryParse(text, out var address));
                var again = $"{string.Join(',', address.Members.Select(m => $"{m.Id}={m.Text}/{m.Priority}"))};cluster={address.Cluster};secret={address.Secret}";
                Assert.Null(RaftAddress.TryParse(again, out var same));
                Assert.Equal(address.Members, same.Members);
                Assert.Equal((address.Cluster, address.Secret), (same.Cluster, same.Secret));
                Assert.DoesNotContain(address.Members.SelectMany(m => m.Text), char.IsControl);
                break;
            case ZooKeeperElectionOptions:
                var servers = ConnectString.Parse(text);
                Assert.Equal(servers.ToString(), ConnectString.Parse(servers.ToString()).ToString());
                Assert.DoesNotContain(servers.ToString(), c => char.IsControl(c) || c == '@');
                break;
            case EtcdElectionOptions:
                Assert.Null(EtcdAddress.TryParse(text, out var etcd));
                Assert.DoesNotContain(etcd.Endpoints.SelectMany(e => e.GetLeftPart(UriPartial.Authority)), c => char.IsControl(c) || c == '@');
                break;
        }
        return null;
    }

    private static string? ReadTimes(byte[] input)
    {
        var bytes = new byte[1 + (5 * sizeof(long))];
        input.AsSpan(0, Math.Min(input.Length, bytes.Length)).CopyTo(bytes);
        var times = MemoryMarshal.Cast<byte, long>(bytes.AsSpan(1));
        var options = CreateOptions((byte)"fredz"[bytes[0] % 5]);
        options.LeaseDuration = new TimeSpan(times[0]);
        options.RenewInterval = new TimeSpan(times[1]);
        options.RetryPeriod = new TimeSpan(times[2]);
        options.SafetyMargin = new TimeSpan(times[3]);
        options.ClockDrift = BitConverter.Int64BitsToDouble(times[4]);
        if (options is RaftElectionOptions raft && bytes[0] > 64)
            raft.ElectionTimeoutMax = new TimeSpan(times[2]);
        if (Problems(options) is { } problem)
            return problem;
        var clock = new LeaseClock(new VirtualTime(), options.LeaseDuration, options.ClockDrift, options.EffectiveSafetyMargin);
        clock.Confirm(clock.Time.GetTimestamp());
        Assert.InRange(clock.Remaining, TimeSpan.Zero, options.LeaseDuration);
        return null;
    }

    private static LeaseOptions CreateOptions(byte kind) => kind switch
    {
        (byte)'r' => new RaftElectionOptions
        {
            ConnectionString = "m0=127.0.0.1:7000,m1=127.0.0.1:7001,m2=127.0.0.1:7002;secret=0123456789abcdef", Member = "m0",
        },
        (byte)'e' => new EtcdElectionOptions { ConnectionString = "http://localhost:2379" },
        (byte)'d' => new RedisElectionOptions { ConnectionString = "localhost:6379" },
        (byte)'f' => new FileElectionOptions { Directory = "locks" },
        _ => new ZooKeeperElectionOptions { ConnectionString = "localhost:2181" },
    };

    private static string? Problems(LeaseOptions options)
    {
        var problems = options.Validate().ToArray();
        Assert.DoesNotContain(problems, p => p.Contains(Secret, StringComparison.Ordinal));
        return problems is [] ? null : string.Join("; ", problems);
    }

    private static string? ReadArguments(byte[] input)
    {
        // An empty argument at the end is one of no arguments at all.
        var text = Encoding.UTF8.GetString(input);
        var args = text is [_, _, ..] ? text[1..].Split('\0') : [];
        return text.StartsWith('a') ? CheckAppHost(args) : ReadWorker(args);
    }

    /// <summary>What the AppHost makes of its command line.</summary>
    internal static AppHostOptions ReadAppHost(string[] args) => AppHostOptions.Read(new ConfigurationBuilder().AddCommandLine(CommandLine.ToAspire(args)).Build());

    private static string? CheckAppHost(string[] args)
    {
        try
        {
            var options = ReadAppHost(args);
            Assert.InRange(options.Replicas ?? 1, 1, 9);
            Assert.InRange(options.BoardPort ?? 1, 1, 65535);
            Assert.InRange(options.LeaseDuration ?? TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(1));
            Assert.True(Enum.IsDefined(options.Stores));
            Assert.All(options.Strategies, s => Assert.Contains(s, AppHostOptions.Available));
            return null;
        }
        catch (FormatException e)
        {
            return Short(LeaderElection.AppHost.OneLine.Of(e.Message));
        }
    }

    private static string? ReadWorker(string[] args)
    {
        try
        {
            var commandLine = new CommandLineArguments(args);
            if (commandLine.Answer is not null)
                return null;
            var configuration = new ConfigurationBuilder().AddCommandLine(commandLine.ToConfiguration()).Build();
            var settings = ElectionSettings.Read(configuration);
            Assert.True(ElectionNames.IsValid(settings.Election ?? "demo") && ElectionNames.IsValid(settings.Candidate ?? "node-1"));
            Assert.Contains(settings.Strategy, (string[])["file", "redis", "postgresql", "etcd", "zookeeper", "raft"]);
            PlaygroundSettings.Read(configuration, new HostingEnvironment());
            return null;
        }
        catch (OptionsValidationException e)
        {
            return Short(string.Join("; ", e.Failures.Select(CommandLineOption.Explain).Select(OneLine)));
        }
    }

    private static string OneLine(string text) => WorkerText.OneLine(text);

    /// <summary>What somebody typed is told back to them, however long it is.</summary>
    private static string Short(string text) => text.Length > 2000 ? text[..2000] : text;

    private static string? ReadDuration(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var isRead = WorkerDurations.TryParse(text, out var duration);
        if (isRead)
            Assert.InRange(duration, TimeSpan.FromDays(-365), TimeSpan.FromDays(365));
        if (ActionTime.Parse(text) is { } action)
        {
            Assert.True(isRead || action > TimeSpan.FromDays(365));
            if (isRead)
                Assert.Equal(duration, action);
        }
        return isRead ? null : string.Create(CultureInfo.InvariantCulture, $"it must be a duration, such as {WorkerDurations.Examples}");
    }
}
