using System.Globalization;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>A peer that wins new elections, uncontended and connected.</summary>
/// <param name="BlockAsync">Wins so many, one after the other, and returns what it measured in ms: each of them, or their median alone where the peer measures itself.</param>
internal sealed record AcquirePeer(string Name, Func<int, Task<IReadOnlyList<double>>> BlockAsync)
{
    private const string RedisProgram = """
        import sys, time, redis
        hp, ttl = sys.argv[1], float(sys.argv[2])
        h, p = hp.split(':')
        r = redis.Redis(h, int(p)); r.ping()
        take = lambda i: r.lock(f'acquire-py-{i}', timeout=ttl, thread_local=False).acquire(blocking=False)
        """;

    private const string KazooProgram = """
        import sys, time
        from kazoo.client import KazooClient
        c = KazooClient(hosts=sys.argv[1], timeout=float(sys.argv[2])); c.start()
        kept = []
        def take(i):
            l = c.Lock(f'/acquire-py/{i}', 'x'); l.acquire(); kept.append(l)
        """;

    private const string Loop = """

        for i in range(10): take(i)
        print('READY', flush=True)
        i = 10
        for line in sys.stdin:
            i += 1
            t = time.perf_counter_ns(); take(i); t = time.perf_counter_ns() - t
            print('ACQUIRED', t, flush=True)
        """;

    /// <summary>One that runs as a process and wins an election for each line that it reads.</summary>
    public static AcquirePeer ByLines(string name, ChildProcess process)
    {
        var from = 0;
        return new AcquirePeer(name, async count =>
        {
            var found = new List<double>();
            for (var i = 0; i < count; i++)
            {
                await process.WriteLineAsync("acquire");
                var line = await process.WaitForLineAsync("ACQUIRED ", from);
                from = process.Lines.Count;
                found.Add(double.Parse(line.Text.Split(' ')[1], CultureInfo.InvariantCulture) / 1e6);
            }
            return found;
        });
    }

    public static ChildProcess StartRedis(string python, Store store, TimeSpan lease) => StartPython(python, RedisProgram + Loop, store, lease);

    public static ChildProcess StartKazoo(string python, Store store, TimeSpan lease) => StartPython(python, KazooProgram + Loop, store, lease);

    private static ChildProcess StartPython(string python, string program, Store store, TimeSpan lease) =>
        ChildProcess.Start(python, ["-c", program, store.Endpoints, FormattableString.Invariant($"{lease.TotalSeconds}")], keepsInput: true);
}
