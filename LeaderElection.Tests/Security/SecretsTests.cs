using System.Text;
using LeaderElection.Etcd;
using LeaderElection.Redis;
using LeaderElection.Tests.Board;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;
using LeaderElection.Tests.ServiceDefaults;
using LeaderElection.Tests.Worker;
using LeaderElection.ZooKeeper;

namespace LeaderElection.Tests.Security;

/// <summary>
/// Marked secrets in every place that takes one, in processes that say all that they can say, with stores that work, refuse
/// and are away: none of it is anywhere in what comes out.
/// </summary>
public sealed class SecretsTests : IAsyncLifetime
{
    private const string Right = "marked-right-4f1c9a";
    private const string Wrong = "marked-wrong-8d27e3";
    private const string OperatorKey = "marked-operator-key-b60f52";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _said = [];
    private OtlpReceiver _telemetry = null!;
    private BoardHost _board = null!;

    public async Task InitializeAsync()
    {
        _telemetry = await OtlpReceiver.StartAsync();
        _board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorKey);
    }

    public async Task DisposeAsync()
    {
        await _board.DisposeAsync();
        await _telemetry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Redis_PasswordIsNowhere()
    {
        await using var server = await RedisServer.StartNewAsync("--requirepass", Right);
        await RunAsync("redis", secret => [("ConnectionStrings__redis", $"{server.Endpoint},password={secret},connectTimeout=1000")]);
        await FailsWithoutItAsync(new RedisElectionBackend(new RedisElectionOptions { ConnectionString = $"{server.Endpoint},password={Wrong}" }));
        await server.KillAsync();
        await RunWithoutStoreAsync("redis", ("ConnectionStrings__redis", $"{server.Endpoint},password={Right},connectTimeout=1000"));
        await FailsWithoutItAsync(new RedisElectionBackend(new RedisElectionOptions { ConnectionString = $"{server.Endpoint},password={Right},connectTimeout=500" }));
        await NothingIsSaidAsync("redis");
    }

    [Fact]
    public async Task Etcd_PasswordIsNowhere()
    {
        await using var server = await EtcdServer.StartNewAsync();
        foreach (var command in (string[][])
        [
            ["user", "add", "root:root-secret"], ["user", "grant-role", "root", "root"], ["role", "add", "elector"],
            ["role", "grant-permission", "elector", "readwrite", "--prefix=true", "secrets/"],
            ["user", "add", $"elector:{Right}"], ["user", "grant-role", "elector", "elector"], ["auth", "enable"],
        ])
        {
            await server.CtlAsync(command);
        }
        await RunAsync("etcd", secret => [("ConnectionStrings__etcd", $"{server.Endpoint};username=elector;password={secret}")]);
        await FailsWithoutItAsync(new EtcdElectionBackend(new EtcdElectionOptions { ConnectionString = server.Endpoint, Username = "elector", Password = Wrong }));
        await server.KillAsync();
        await RunWithoutStoreAsync("etcd", ("ConnectionStrings__etcd", $"{server.Endpoint};username=elector;password={Right}"));
        await FailsWithoutItAsync(new EtcdElectionBackend(new EtcdElectionOptions { ConnectionString = server.Endpoint, Username = "elector", Password = Right }));
        await NothingIsSaidAsync("etcd");
    }

    [Fact]
    public async Task ZooKeeper_PasswordIsNowhere()
    {
        await using var server = await ZooKeeperServer.StartNewAsync();
        await RunAsync("zookeeper", Variables);
        await FailsWithoutItAsync(new ZooKeeperElectionBackend(new ZooKeeperElectionOptions
        {
            ConnectionString = "127.0.0.1:1", UserName = "elector", Password = Wrong, LeaseDuration = TimeSpan.FromSeconds(1),
        }));
        await server.KillAsync();
        await RunWithoutStoreAsync("zookeeper", Variables(Right));
        await NothingIsSaidAsync("zookeeper");

        (string, string)[] Variables(string secret) =>
        [
            ("ConnectionStrings__zookeeper", server.Endpoint), ("LeaderElection__ZooKeeper__UserName", "elector"), ("LeaderElection__ZooKeeper__Password", secret),
        ];
    }

    [Fact]
    public async Task Raft_SecretIsNowhere()
    {
        var addresses = string.Join(',', Enumerable.Range(0, 3).Select(i => $"m{i}=127.0.0.1:{FreePort.Next()}"));
        await using var m0 = await StartAsync("raft", Variables(0, Right));
        await using var m1 = await StartAsync("raft", Variables(1, Right));
        // A cluster begins with all of its members; then one is started with another secret, which the others refuse.
        await using (var m2 = await StartAsync("raft", Variables(2, Right)))
            await LeaderAsync(m0, m1, m2);
        await LeaderAsync(m0, m1);
        await using var stranger = await StartAsync("raft", Variables(2, Wrong));
        await stranger.Process.WaitForLineAsync("secret");
        foreach (var (name, worker) in ((string, WorkerProcess)[])[("m0", m0), ("m1", m1), ("stranger", stranger)])
            await ListenAsync(name, worker);
        await NothingIsSaidAsync("raft");

        static Task LeaderAsync(params WorkerProcess[] members) => Eventually.GetAsync(
            () => Task.WhenAll(members.Select(member => member.ElectionAsync())), found => found.Any(one => RaftWorkers.Role(one) == "leader"), "a leader");

        (string, string)[] Variables(int member, string secret) =>
            [("ConnectionStrings__raft", $"{addresses};secret={secret}"), ("LeaderElection__Raft__Member", $"m{member}"), ("LeaderElection__LeaseDuration", "1s")];
    }

    /// <summary>Settings that are refused hold secrets, too, and are spoken of.</summary>
    [Theory]
    [InlineData("--strategy", "redis", "--redis", $"localhost:6379,passwort={Right}")]
    [InlineData("--strategy", "redis", "--redis", $"redis://user:{Right}@localhost:6379")]
    [InlineData("--strategy", "postgresql", "--postgresql", $"Host=localhost;Passwort={Right}")]
    [InlineData("--strategy", "postgresql", "--postgresql", $"postgresql://user:{Right}@localhost/app")]
    [InlineData("--strategy", "etcd", "--etcd", $"http://user:{Right}@localhost:2379")]
    [InlineData("--strategy", "etcd", "--etcd", $"localhost:2379;password={Right}")]
    [InlineData("--strategy", "zookeeper", "--zookeeper", $"user:{Right}@localhost:2181")]
    [InlineData("--strategy", "zookeeper", "--zookeeper", $"localhost:2181,password={Right}")]
    [InlineData("--strategy", "raft", "--raft", $"m0=a:1,m1=b:2;secret={Right}")]
    [InlineData("--strategy", "raft", "--raft", $"m0=a:1,m1=b:2,m2=c:3,secret={Right}")]
    [InlineData("--strategy", "raft", "--raft", $"secret={Right}", "--member", "m0")]
    [InlineData("--board", $"http://user:{Right}@[localhost")]
    [InlineData("--board", $"http://user:{Right}@localhost:8080")]
    [InlineData("--redis-password", Right)]
    [InlineData($"--password={Right}")]
    public async Task RefusedSettings_AreSpokenOfWithoutTheSecret(params string[] arguments)
    {
        await using var process = WorkerProcess.Launch(_folder.Path, arguments);

        Assert.Equal(2, await process.WaitForExitAsync());

        Assert.NotEmpty(process.StandardError);
        Assert.DoesNotContain(process.Lines, line => line.Text.Contains(Right, StringComparison.Ordinal));
    }

    /// <summary>Two workers at a store that works: one that may, and one that may not.</summary>
    private async Task RunAsync(string strategy, Func<string, (string, string)[]> variables)
    {
        await using var right = await StartAsync(strategy, variables(Right));
        await right.WaitForRoleAsync("leader");
        await using var wrong = await StartAsync(strategy, variables(Wrong));
        await wrong.Process.WaitForLineAsync(line => line.Contains("refused", StringComparison.Ordinal) || line.Contains("ACL", StringComparison.Ordinal), "the refusal");
        (await right.PostAsync("/election/resign")).Dispose();
        await ListenAsync($"{strategy} right", right);
        await ListenAsync($"{strategy} wrong", wrong);
    }

    private async Task RunWithoutStoreAsync(string strategy, params (string, string)[] variables)
    {
        await using var worker = await StartAsync(strategy, variables);
        await worker.WaitForHealthAsync("store: ");
        await ListenAsync($"{strategy} without a store", worker);
    }

    private Task<WorkerProcess> StartAsync(string strategy, (string, string)[] variables) => WorkerProcess.StartAsync(
        _folder.Path, ["--strategy", strategy, "--election", "secrets", "--board", _board.Client.BaseAddress!.ToString(), "--status"], "Development",
        [
            ("LeaderElection__Candidate", $"c-{_said.Count}-{Guid.NewGuid():N}"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _telemetry.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("Logging__LogLevel__Default", "Trace"), ("Logging__Console__LogLevel__Default", "Trace"), ("Logging__LogLevel__Microsoft.AspNetCore", "Debug"),
            .. variables,
        ]);

    /// <summary>What it says of itself, until its end, when it has sent off its telemetry.</summary>
    private async Task ListenAsync(string name, WorkerProcess worker)
    {
        foreach (var path in (string[])["/election", "/health", "/alive", "/"])
            _said[$"{path} of {name}"] = await worker.GetAsync(path);
        foreach (var path in (string[])["/", "/api/elections", "/api/figures", "/api/scenarios", "/api/token", "/api/ledger/secrets", "/health"])
            _said[$"{path} of the board, with {name}"] = await (await _board.Client.GetAsync(path)).Content.ReadAsStringAsync();
        worker.Process.Terminate();
        await worker.Process.WaitForExitAsync();
        _said[$"output of {name}"] = string.Join('\n', worker.Process.Lines.Select(line => line.Text));
    }

    private async Task FailsWithoutItAsync(IElectionBackend backend)
    {
        await using (backend)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
            var error = await Assert.ThrowsAsync<ElectionStoreException>(() => backend.PingAsync(late.Token).AsTask());
            _said[$"exception {_said.Count}"] = error.ToString();
        }
    }

    private async Task NothingIsSaidAsync(string strategy)
    {
        using (var refused = await _board.PostAsync("/api/elections/file/jobs/transfer", ("Operator-Key", $"{OperatorKey}-but-not-quite")))
            _said["the board's refusal"] = await refused.Content.ReadAsStringAsync();
        foreach (var (i, message) in _telemetry.Received.Index())
            _said[$"{message.Path} {i}"] = Encoding.UTF8.GetString(message.Body);
        // That something was heard of each kind, or nothing would be found in it.
        foreach (var kind in (string[])["output of", "/election of", "/v1/logs", "/v1/traces", "/v1/metrics"])
            Assert.Contains(_said, said => said.Key.StartsWith(kind, StringComparison.Ordinal) && said.Value.Contains("secrets", StringComparison.Ordinal));
        Assert.Contains(_said, said => said.Key.StartsWith("/api/elections", StringComparison.Ordinal) && said.Value.Contains(strategy, StringComparison.Ordinal));
        foreach (var secret in (string[])[Right, Wrong, OperatorKey])
        {
            foreach (var form in (string[])[secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), Convert.ToHexString(Encoding.UTF8.GetBytes(secret))])
                Assert.DoesNotContain(_said, said => said.Value.Contains(form, StringComparison.OrdinalIgnoreCase));
        }
    }
}
