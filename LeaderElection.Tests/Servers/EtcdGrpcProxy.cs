using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Servers;

/// <summary>etcd's own <c>grpc-proxy</c> before a server.</summary>
internal sealed class EtcdGrpcProxy : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly int _port = FreePort.Next();
    private readonly ChildProcess _process;

    private EtcdGrpcProxy(EtcdServer server) => _process = ChildProcess.Start(
        "etcd",
        [
            "grpc-proxy", "start", "--endpoints", new Uri(server.Endpoint).Authority, "--listen-addr", $"127.0.0.1:{_port}",
            "--data-dir", _data.File("proxy"),
        ]);

    public string Endpoint => $"http://127.0.0.1:{_port}";

    public static async Task<EtcdGrpcProxy> StartNewAsync(EtcdServer server)
    {
        var proxy = new EtcdGrpcProxy(server);
        using var http = new HttpClient();
        await Eventually.GetAsync(() => http.GetStringAsync($"{proxy.Endpoint}/health"), static answer => answer.Contains("true", StringComparison.Ordinal), "the proxy to serve");
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _data.Dispose();
    }
}
