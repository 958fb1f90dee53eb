using System.Text.Json;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.ServiceDefaults;
using LeaderElection.Tests.Worker;

namespace LeaderElection.Tests.Telemetry;

/// <summary>What a worker and a board tell by OTLP: two real processes, set up as the AppHost sets them up.</summary>
public sealed class StoryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private OtlpReceiver _receiver = null!;
    private ChildProcess _board = null!;
    private WorkerProcess _worker = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        _board = ChildProcess.StartProject(
            "LeaderElection.Board", ["--urls", "http://127.0.0.1:0", "--Board:DataDirectory", _folder.File("board")],
            [.. Telemetry("board", "b1").Select(variable => KeyValuePair.Create(variable.Name, (string?)variable.Value))], _folder.Path);
        var line = await _board.WaitForLineAsync("Now listening on: ");
        _http = new HttpClient { BaseAddress = new Uri(line.Text[line.Text.IndexOf("http://", StringComparison.Ordinal)..]) };
        _worker = await WorkerProcess.StartAsync(
            _folder.Path, ["--lock-name", "my-service", "--work-interval", "200ms", "--board", _http.BaseAddress.ToString()],
            "Development", Telemetry("file-worker", "w1"));
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _worker.DisposeAsync();
        await _board.DisposeAsync();
        await _receiver.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task BecameLeader_IsATraceAndALogLine_WhileItLeads()
    {
        var token = await LeadAsync();

        var span = await SpanAsync(s => s.Name == "became leader");
        Assert.Equal(("file-worker", "w1", ""), (span.Service, span.Instance, span.ParentId));
        Assert.Equal(
            ("my-service", "file-worker-w1", "file", token),
            (span.Tags["election.name"], span.Tags["election.candidate"], span.Tags["election.strategy"], span.Tags["election.fencing_token"]));

        var log = (await Eventually.GetAsync(() => Task.FromResult(_receiver.Logs().Find(l => l.Message.Contains("became leader", StringComparison.Ordinal))), l => l is not null, "the log line"))!;
        Assert.Equal(
            ("my-service", "file-worker-w1", "file", token),
            (log.Attributes["Election"], log.Attributes["Candidate"], log.Attributes["Strategy"], log.Attributes["FencingToken"]));
        Assert.Equal(span.TraceId, log.TraceId);
        Assert.DoesNotContain(_receiver.Spans(), s => s.Name is "lost leadership" or "resign");
    }

    [Fact]
    public async Task LedgerEntry_AndItsAnswer_AreOneTrace()
    {
        await LeadAsync();

        var append = await SpanAsync(s => s.Name == "ledger append" && !s.IsError);
        var request = await SpanAsync(s => s.SpanId == append.ParentId);
        var call = await SpanAsync(s => s.SpanId == request.ParentId);
        var entry = await SpanAsync(s => s.SpanId == call.ParentId);

        Assert.Equal(("board", "board", "file-worker", "file-worker"), (append.Service, request.Service, call.Service, entry.Service));
        Assert.Equal(("POST /api/ledger/{election}", "POST", "ledger entry"), (request.Name, call.Name, entry.Name));
        Assert.Equal("", entry.ParentId);
        Assert.Single(new[] { append, request, call, entry }.Select(span => span.TraceId).Distinct());
    }

    [Fact]
    public async Task RoutineWrites_MakeNoTrace_AMetricCountsThem_AndTheFirstOfATermIsLinkedToIt()
    {
        await LeadAsync();
        await WrittenAsync(10);
        using (var resigned = await _worker.PostAsync("/election/resign"))
            resigned.EnsureSuccessStatusCode();
        await WrittenAsync(20);
        await AfterAllSpansAsync();

        // One may have been under way when its term ended, or have had no answer in time.
        var entries = _receiver.Spans().Where(s => s.Name == "ledger entry" && !s.IsError).ToArray();
        var terms = _receiver.Spans().Where(s => s.Name == "became leader").ToArray();
        Assert.True(terms.Length >= 2, "it has not led twice");
        Assert.Equal(terms.Select(term => term.SpanId).Take(2), entries.Select(entry => Assert.Single(entry.Links)).Take(2));
        Assert.InRange(entries.Length, 2, terms.Length);
        // Nor by another door: what is left of calls and answers belongs to these.
        var calls = _receiver.Spans().Where(s => s.Service == "file-worker" && s.Name == "POST" && !s.IsError).ToArray();
        Assert.Equal(entries.Length, calls.Length);
        // The board took one that was under way when its term ended, of which the worker has a trace, too; and a term that began since.
        var traced = _receiver.Spans().Count(s => s.Name == "ledger entry");
        var tokens = terms.Select(term => term.Tags["election.fencing_token"]).ToHashSet();
        var appended = _receiver.Spans().Where(s => s.Name == "ledger append" && !s.IsError).ToArray();
        Assert.InRange(appended.Count(append => tokens.Contains(append.Tags["election.fencing_token"])), 2, traced);
        Assert.InRange(_receiver.Spans().Count(s => s.Name == "POST /api/ledger/{election}" && s.ParentId != ""), 2, appended.Length + 1);
        var written = await Eventually.GetAsync(
            () => Task.FromResult(_receiver.Points().FindLast(p => p.Metric == "leader_election.ledger.writes" && p.Tags["election.ledger.outcome"] == "accepted")), p => p is not null, "the metric");
        Assert.Equal("my-service", written!.Tags["election.name"]);
    }

    [Fact]
    public async Task WhoeverLooksOn_LeavesNoTrace()
    {
        await LeadAsync();
        foreach (var path in (string[])["/", "/api/elections", "/api/ledger/my-service", "/api/figures", "/health", "/alive"])
            await _http.GetStringAsync(path);
        await using (await _http.GetStreamAsync("/api/elections/stream"))
        foreach (var path in (string[])["/election", "/health", "/alive"])
            await _worker.GetAsync(path);
        // Its own socket to the board, which lasted until now, and what was asked of both.
        _worker.Process.Terminate();
        await _worker.Process.WaitForExitAsync();
        await AfterAllSpansAsync();

        Assert.DoesNotContain(_receiver.Spans(), s => s.Name.StartsWith("GET", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WriteThatFails_IsATrace_WithItsError()
    {
        await LeadAsync();
        await WrittenAsync(1);

        _board.Kill();

        var failed = await SpanAsync(s => s.Name == "ledger entry" && s.IsError);
        Assert.Equal(Assert.Single(_receiver.Spans(), s => s.Name == "became leader").SpanId, Assert.Single(failed.Links));
        await SpanAsync(s => s.ParentId == failed.SpanId && s.IsError);
    }

    [Fact]
    public async Task RefusedWrite_IsAnErrorOnBothSides_NamingBothTokens()
    {
        var token = await LeadAsync();
        var higher = $"{long.Parse(token, System.Globalization.CultureInfo.InvariantCulture) + 1}";

        // Somebody who was elected later has written.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ledger/my-service") { Content = new StringContent("of another") };
        request.Headers.Add("Fencing-Token", higher);
        (await _http.SendAsync(request)).EnsureSuccessStatusCode().Dispose();

        foreach (var name in new[] { "ledger append", "ledger entry" })
        {
            // On a busy machine a write may have failed otherwise before.
            var refused = await SpanAsync(s => s.Name == name && s.IsError && s.Tags.ContainsKey("election.highest_fencing_token"));
            Assert.Equal((token, higher), (refused.Tags["election.fencing_token"], refused.Tags["election.highest_fencing_token"]));
            Assert.Contains(token, refused.StatusMessage, StringComparison.Ordinal);
            Assert.Contains(higher, refused.StatusMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Resign_EndsALeadership_AndEveryMetricIsOfThisReplica()
    {
        await LeadAsync();

        using (var resigned = await _worker.PostAsync("/election/resign"))
            resigned.EnsureSuccessStatusCode();

        await SpanAsync(s => s.Name == "resign" && s.Tags["election.end_reason"] == "Resigned");
        foreach (var (metric, unit) in new[]
        {
            ("leader_election.is_leader", ""), ("leader_election.leaderships", "{leadership}"), ("leader_election.campaign.duration", "s"),
            ("leader_election.leadership.duration", "s"), ("leader_election.renewals", "{renewal}"), ("leader_election.lease.remaining", "s"),
        })
        {
            var point = (await Eventually.GetAsync(() => Task.FromResult(_receiver.Points().Find(p => p.Metric == metric)), p => p is not null, metric))!;
            Assert.Equal(("file-worker", "w1", unit), (point.Service, point.Instance, point.Unit));
            Assert.Equal("file", point.Tags["election.strategy"]);
        }
    }

    [Fact]
    public async Task Failover_IsMeasuredByTheSuccessor()
    {
        await LeadAsync();
        await using var second = await WorkerProcess.StartAsync(
            _folder.Path, ["--lock-name", "my-service", "--lease-duration", "2s"], "Development", Telemetry("file-worker", "w2"));
        await second.Process.WaitForLineAsync("file-worker-w1 leads my-service");

        _worker.Process.Kill();

        await second.WaitForRoleAsync("leader");
        await Eventually.TrueAsync(
            () => _receiver.Points().Exists(p => p is { Metric: "leader_election.failover.duration", Instance: "w2", Unit: "s" }), "the failover's duration");
    }

    // As Aspire sets them.
    private (string Name, string Value)[] Telemetry(string service, string instance) =>
    [
        ("ASPNETCORE_ENVIRONMENT", "Development"),
        ("OTEL_SERVICE_NAME", service),
        ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance}"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _receiver.Url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
        ("OTEL_TRACES_SAMPLER", "always_on"),
        // What a receiver does not take in time is lost, and this one may stand still for a while.
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "30000"),
    ];

    private async Task<string> LeadAsync()
    {
        JsonElement election = await _worker.WaitForRoleAsync("leader");
        return election.GetProperty("fencingToken").GetRawText();
    }

    private Task WrittenAsync(int count) => Eventually.GetAsync(
        _worker.ElectionAsync, e => e.GetProperty("ledger").GetProperty("accepted").GetInt32() >= count, $"{count} entries");

    /// <summary>Waits until what came to an end before has been exported by both: spans go out in the order in which they ended.</summary>
    private async Task AfterAllSpansAsync()
    {
        if (!_worker.Process.HasExited)
        {
            using var resigned = await _worker.PostAsync("/election/resign");
            var marker = resigned.IsSuccessStatusCode ? await resigned.Content.ReadAsStringAsync() : "";
            await SpanAsync(s => s.Name == "resign" && marker.Contains(s.Tags["election.fencing_token"], StringComparison.Ordinal));
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/ledger/of-nobody") { Content = new StringContent("the last") };
        request.Headers.Add("Fencing-Token", "0");
        (await _http.SendAsync(request)).Dispose();
        await SpanAsync(s => s.Name == "POST /api/ledger/{election}" && s.Tags.GetValueOrDefault("http.response.status_code") == "409");
    }

    private async Task<OtlpSpan> SpanAsync(Func<OtlpSpan, bool> which, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(which))] string what = "") =>
        (await Eventually.GetAsync(() => Task.FromResult(_receiver.Spans().FirstOrDefault(which)), span => span is not null, $"a span: {what}"))!;
}
