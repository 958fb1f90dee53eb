using System.Buffers;
using BenchmarkDotNet.Attributes;
using LeaderElection.Raft;

namespace LeaderElection.Benchmarks.Micro;

/// <summary>The frames of a raft cluster in which nothing changes.</summary>
public class RaftFrameBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(256);
    private readonly Message _heartbeat = new Message.Heartbeat(default, 1, 2, 3, 3, []);
    private readonly Message _ack = new Message.HeartbeatAck(default, 1, 2, 3, []);
    private byte[] _frame = [];

    [GlobalSetup]
    public void Frame()
    {
        WriteHeartbeat();
        _frame = _output.WrittenSpan.ToArray();
    }

    [Benchmark]
    public void WriteHeartbeat() => Write(_heartbeat);

    [Benchmark]
    public void WriteAck() => Write(_ack);

    [Benchmark]
    public int ReadHeartbeat()
    {
        FrameCodec.Read(_frame, out var consumed, out _, out _, out _);
        return consumed;
    }

    private void Write(Message message)
    {
        _output.ResetWrittenCount();
        FrameCodec.Write(_output, 7, message);
    }
}
