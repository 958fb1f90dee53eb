using BenchmarkDotNet.Attributes;
using LeaderElection.ZooKeeper.Client;

namespace LeaderElection.Benchmarks.Micro;

/// <summary>The bodies of the two requests of a hand-over: a node is created, the children are listed.</summary>
public class ZooKeeperPacketBenchmarks
{
    private const string Path = "/leader-election/scheduler/c-";

    private readonly byte[] _data = new byte[64];
    private readonly JuteWriter _writer = new(256);
    private readonly byte[] _children = new JuteWriter().Texts([.. Enumerable.Range(0, 10).Select(i => $"{Path[1..]}{i:D10}")]).Written.ToArray();

    [Benchmark]
    public int WriteCreate()
    {
        _writer.Clear();
        return _writer.Text(Path).Buffer(_data).Int(1).Int(31).Text("world").Text("anyone").Int(3).Length;
    }

    [Benchmark]
    public int ReadTenChildren() => new JuteReader(_children).Texts().Length;
}
