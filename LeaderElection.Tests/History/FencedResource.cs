using System.Net.Sockets;

namespace LeaderElection.Tests.History;

/// <summary>The candidate's side of the resource that leaders write to: sends a token, is answered with the highest seen.</summary>
internal sealed class FencedResource : IDisposable
{
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    private FencedResource(NetworkStream stream)
    {
        _stream = stream;
        _reader = new StreamReader(stream);
        _writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
    }

    /// <param name="path">Its socket, a file: so it can be reached without a network.</param>
    public static async Task<FencedResource> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new FencedResource(new NetworkStream(socket, ownsSocket: true));
    }

    /// <returns>The highest token seen: the own one if the write was accepted.</returns>
    public async Task<long> WriteAsync(long token)
    {
        await _writer.WriteLineAsync($"{token}");
        return long.Parse((await _reader.ReadLineAsync())!);
    }

    public void Dispose() => _stream.Dispose();
}
