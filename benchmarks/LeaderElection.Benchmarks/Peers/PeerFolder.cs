using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>The peers: their sources in one folder, what its <c>build.sh</c> made of them in another.</summary>
internal sealed class PeerFolder
{
    public const string RedisPy = "redis-py";
    public const string GoClient = "Go client";
    public const string Kazoo = "Kazoo";
    public const string Curator = "Curator";

    private const string Python = "/usr/bin/python3";

    private static readonly string Built =
        Environment.GetEnvironmentVariable("PEERS_DATA") is { Length: > 0 } data ? data : Path.Combine(Path.GetTempPath(), "leader-peers");

    private static readonly string ClassPath = string.Join(':',
        new[] { "curator-recipes", "curator-framework", "curator-client", "zookeeper", "guava", "slf4j-nop" }.Select(jar => $"/usr/share/java/{jar}.jar"))
        + $":{Path.Combine(Built, "bin")}";

    private readonly string _sources;
    private int _runs;

    private PeerFolder(string sources) => _sources = sources;

    public static string Bin(string program) => Path.Combine(Built, "bin", program);

    public string Source(string file) => Path.Combine(_sources, file);

    /// <exception cref="ArgumentException">There are no peers.</exception>
    public static PeerFolder Find(string? given)
    {
        var folder = given ?? Beside();
        return folder is not null && File.Exists(Path.Combine(folder, "harness.py"))
            ? new PeerFolder(Path.GetFullPath(folder))
            : throw new ArgumentException($"--peers: there are no peers in '{folder ?? "../shared/peers"}'; --peers-dir names the folder that has harness.py");
    }

    /// <summary>The peers of a strategy that can run here; a line for each that cannot.</summary>
    public IReadOnlyList<Contender> Candidates(string strategy, Action<string> missing)
    {
        var contenders = new List<Contender>();
        void Add(bool isThere, string name, string how, Func<Seat, ChildProcess> start)
        {
            if (isThere)
                contenders.Add(new Contender(name, start));
            else
                missing($"peer {name} is not there: {how}");
        }
        switch (strategy)
        {
            case "redis":
                Add(HasPython("redis"), RedisPy, "apt-get install python3-redis", seat => StartPython("cand_redis.py", seat.Endpoints, seat.Election, seat.LeaseSeconds, seat.Id));
                break;
            case "etcd":
                Add(File.Exists(Bin("etcdelect")), GoClient, $"bash {Source("build.sh")}",
                    seat => Start(Bin("etcdelect"), "cand", Plain(seat.Endpoints), seat.Election, Whole(seat.Lease), seat.Id));
                break;
            case "zookeeper":
                Add(HasPython("kazoo"), Kazoo, "apt-get install python3-kazoo",
                    seat => StartPython("cand_kazoo.py", seat.Endpoints, "/el/" + seat.Election, seat.LeaseSeconds, seat.Id));
                Add(File.Exists(Bin("CuratorCand.class")), Curator, $"bash {Source("build.sh")}",
                    seat => Start("java", [.. JavaArguments, seat.Endpoints, "/el/" + seat.Election, seat.LeaseSeconds, seat.Id]));
                break;
        }
        return contenders;
    }

    /// <summary>The peers of a strategy that can hold many elections; a line for each that cannot run.</summary>
    public IReadOnlyList<ManyPeer> Many(string strategy, Action<string> missing)
    {
        // Elections of their own for each run: what was killed before is remembered for a lease.
        var prefix = $"many-{Interlocked.Increment(ref _runs)}";
        ManyPeerProcess Scale(string what, string role, string endpoints, TimeSpan lease, int count) =>
            new(StartPython("scale.py", what, $"{count}", FormattableString.Invariant($"{lease.TotalSeconds}"), role, endpoints));
        ManyPeer ByPython(string name, string what) => new(
            name, (endpoints, lease, count) => Scale(what, "hold", endpoints, lease, count), (endpoints, lease, count) => Scale(what, "follow", endpoints, lease, count));
        return [.. Candidates(strategy, missing).Select(c => c.Name).SelectMany(name => name switch
        {
            RedisPy => [ByPython(name, "redis")],
            Kazoo => [ByPython(name, "kazoo")],
            GoClient => [new ManyPeer(
                name,
                (endpoints, lease, count) => new(Start(Bin("etcdelect"), "scale", Plain(endpoints), Whole(lease), $"{count}", "600", prefix)),
                (endpoints, lease, count) => new(Start(Bin("etcdelect"), "scalefollow", Plain(endpoints), Whole(lease), $"{count}", prefix)))],
            _ => Array.Empty<ManyPeer>(),
        })];
    }

    /// <summary>The peers of a strategy that win elections one after the other, and the processes that do it.</summary>
    public (IReadOnlyList<AcquirePeer> Peers, IReadOnlyList<ChildProcess> Processes) Acquirers(Store store, TimeSpan lease, Action<string> missing)
    {
        var peers = new List<AcquirePeer>();
        var processes = new List<ChildProcess>();
        foreach (var name in Candidates(store.Strategy, missing).Select(c => c.Name))
        {
            if (name is RedisPy or Kazoo)
            {
                processes.Add(name == RedisPy ? AcquirePeer.StartRedis(Python, store, lease) : AcquirePeer.StartKazoo(Python, store, lease));
                peers.Add(AcquirePeer.ByLines(name, processes[^1]));
            }
            else if (name == GoClient)
            {
                peers.Add(new AcquirePeer(name, count => MedianAsync("Campaign uncontended", Bin("etcdelect"), "acquire", Plain(store.Endpoints), Whole(lease), $"{count}")));
            }
            else
            {
                // Always a hundred.
                var path = $"/acquire-{Interlocked.Increment(ref _runs)}";
                peers.Add(new AcquirePeer(name, _ => MedianAsync("LeaderLatch", "java", [.. JavaArguments, store.Endpoints, path, FormattableString.Invariant($"{lease.TotalSeconds}"), "x", "acquire"])));
            }
        }
        return (peers, processes);
    }

    private static async Task<IReadOnlyList<double>> MedianAsync(string label, string program, params string[] arguments)
    {
        const string Median = "median=";
        await using var process = Start(program, arguments);
        var line = await process.WaitForLineAsync(l => l.StartsWith(label, StringComparison.Ordinal), label, timeout: TimeSpan.FromMinutes(2));
        return [double.Parse(line.Text.Split(Median)[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)];
    }

    /// <summary>hashicorp/raft, which runs its rounds itself.</summary>
    public HashicorpRaft? Raft(Action<string> missing)
    {
        if (File.Exists(Bin("raftkill")))
            return new HashicorpRaft(Bin("raftkill"));
        missing($"peer hashicorp/raft is not there: bash {Source("build.sh")}");
        return null;
    }

    public static string Plain(string endpoints) => endpoints.Replace("http://", "", StringComparison.Ordinal);

    public static string[] JavaArguments => ["-XX:+UseSerialGC", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", ClassPath, "CuratorCand"];

    /// <summary>etcd counts in whole seconds.</summary>
    private static string Whole(TimeSpan lease) => $"{Math.Ceiling(lease.TotalSeconds)}";

    private static string? Beside() =>
        RepositoryFolder.Find() is { } repository ? Path.GetFullPath(Path.Combine(repository, "..", "shared", "peers")) : null;

    private static bool HasPython(string module)
    {
        if (!File.Exists(Python))
            return false;
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(Python, ["-c", $"import {module}"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static ChildProcess Start(string program, params string[] arguments) => ChildProcess.Start(program, arguments, keepsInput: true);

    private ChildProcess StartPython(string script, params string[] arguments) => Start(Python, [Source(script), .. arguments]);
}
