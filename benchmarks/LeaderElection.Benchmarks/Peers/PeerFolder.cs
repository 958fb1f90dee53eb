using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>The peers: their sources in one folder, what its <c>build.sh</c> made of them in another.</summary>
internal sealed class PeerFolder
{
    private const string Python = "/usr/bin/python3";

    private static readonly string Built =
        Environment.GetEnvironmentVariable("PEERS_DATA") is { Length: > 0 } data ? data : Path.Combine(Path.GetTempPath(), "leader-peers");

    private static readonly string ClassPath = string.Join(':',
        new[] { "curator-recipes", "curator-framework", "curator-client", "zookeeper", "guava", "slf4j-nop" }.Select(jar => $"/usr/share/java/{jar}.jar"))
        + $":{Path.Combine(Built, "bin")}";

    private readonly string _sources;

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
                Add(HasPython("redis"), "redis-py", "apt-get install python3-redis", seat => StartPython("cand_redis.py", seat.Endpoints, seat.Election, seat.LeaseSeconds, seat.Id));
                break;
            case "etcd":
                Add(File.Exists(Bin("etcdelect")), "Go client", $"bash {Source("build.sh")}",
                    seat => Start(Bin("etcdelect"), "cand", Plain(seat.Endpoints), seat.Election, $"{Math.Ceiling(seat.Lease.TotalSeconds)}", seat.Id));
                break;
            case "zookeeper":
                Add(HasPython("kazoo"), "Kazoo", "apt-get install python3-kazoo",
                    seat => StartPython("cand_kazoo.py", seat.Endpoints, "/el/" + seat.Election, seat.LeaseSeconds, seat.Id));
                Add(File.Exists(Bin("CuratorCand.class")), "Curator", $"bash {Source("build.sh")}",
                    seat => Start("java", [.. JavaArguments, seat.Endpoints, "/el/" + seat.Election, seat.LeaseSeconds, seat.Id]));
                break;
        }
        return contenders;
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

    private static string? Beside()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LeaderElection.sln")))
                return Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "peers"));
        }
        return null;
    }

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
