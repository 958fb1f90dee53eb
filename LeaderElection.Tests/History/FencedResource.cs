using System.Net;
using System.Net.Sockets;

namespace LeaderElection.Tests.History;

/// <summary>The candidate's side of the resource that leaders write to: sends a token, is answered with the highest seen.</summary>
internal sealed class FencedResource : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    private FencedResource(TcpClient client)
    {
        _client = client;
        _reader = new StreamReader(client.GetStream());
        _writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\n" };
    }

    public static async Task<FencedResource> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return new FencedResource(client);
    }

    /// <returns>The highest token seen: the own one if the write was accepted.</returns>
    public async Task<long> WriteAsync(long token)
    {
        await _writer.WriteLineAsync($"{token}");
        return long.Parse((await _reader.ReadLineAsync())!);
    }

    public void Dispose() => _client.Dispose();
}
