using System.Net;
using System.Text.Json;

namespace LeaderElection.Tests.Board;

public sealed class ActionTests
{
    private const string Crash = "/api/elections/file/jobs/candidates/node-1/crash";

    public static TheoryData<string> StateChanging => new(
        Crash, "/api/elections/file/jobs/transfer?to=m1", "/api/scenarios/leader-failure/runs?strategy=file&election=jobs");

    [Theory]
    [MemberData(nameof(StateChanging))]
    public async Task Request_OutsideDevelopment_IsNotThere(string path)
    {
        await using var board = await BoardHost.StartAsync(operatorKey: OperatorStub.Key);
        using var token = await board.Client.GetAsync("/api/token");
        using var scenarios = await board.Client.GetAsync("/api/scenarios");
        using var stream = await GetStreamAsync(board, OperatorStub.Key);

        using var response = await board.PostAsync(path, ("Operator-Key", OperatorStub.Key));

        Assert.All([token, scenarios, stream, response], answer => Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode));
    }

    [Theory]
    [MemberData(nameof(StateChanging))]
    public async Task Request_WithoutTokenOrKey_IsForbidden(string path)
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);

        using var none = await board.PostAsync(path, ("Accept", "*/*"));
        using var wrongToken = await board.PostAsync(path, ("Board-Token", "guessed"));
        using var wrongKey = await board.PostAsync(path, ("Operator-Key", "guessed"));
        using var get = await board.Client.GetAsync(path);

        Assert.All([none, wrongToken, wrongKey], answer => Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Theory]
    [MemberData(nameof(StateChanging))]
    public async Task Request_FromAForeignPage_IsForbiddenEvenWithTheToken(string path)
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        var token = await board.TokenAsync();

        using var byOrigin = await board.PostAsync(path, ("Board-Token", token), ("Origin", "http://elsewhere.example"));
        using var otherPort = await board.PostAsync(path, ("Board-Token", token), ("Origin", "http://127.0.0.1:1"));
        using var bySite = await board.PostAsync(path, ("Board-Token", token), ("Sec-Fetch-Site", "cross-site"));
        using var own = await board.PostAsync(path, ("Board-Token", token), ("Origin", board.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)));

        Assert.All([byOrigin, otherPort, bySite], answer => Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode));
        Assert.NotEqual(HttpStatusCode.Forbidden, own.StatusCode);
    }

    [Fact]
    public async Task Token_ForAForeignPage_IsForbidden()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/token") { Headers = { { "Origin", "http://elsewhere.example" } } };

        using var response = await board.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("candidates/node-1/resign", "0 POST /election/resign")]
    [InlineData("candidates/node-1/crash", "0 POST /faults/crash")]
    [InlineData("candidates/node-1/freeze?for=15s", "0 POST /faults/freeze?for=15000ms")]
    [InlineData("candidates/node-1/cut-off", "0 POST /faults/cut-off")]
    [InlineData("candidates/node-1/cut-off?for=2m&from=m1,m2", "0 POST /faults/cut-off?for=120000ms&from=m1,m2")]
    [InlineData("candidates/node-1/heal", "0 POST /faults/heal")]
    [InlineData("candidates/node-1/transfer?to=m1", "0 POST /election/transfer?to=m1")]
    [InlineData("transfer?to=m1", "0 POST /election/transfer?to=m1")]
    public async Task Action_IsForwardedToTheCandidate(string action, string request)
    {
        await using var workers = await FakeWorkers.StartAsync();
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, workers.Urls[0]);

        using var response = await board.PostAsync($"/api/elections/file/jobs/{action}");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([request], workers.Requests);
    }

    [Theory]
    [InlineData("node-1/freeze", 400, "how long")]
    [InlineData("node-1/freeze?for=2h", 400, "at most 1h")]
    [InlineData("node-1/freeze?for=15", 400, "how long")]
    [InlineData("node-1/cut-off?from=a%20b", 400, "members")]
    [InlineData("node-1/transfer", 400, "hand over to")]
    [InlineData("node-1/explode", 404, "no action explode")]
    [InlineData("node-9/crash", 404, "no candidate node-9")]
    [InlineData("node-1/start", 409, "no operator is connected")]
    public async Task Action_ThatCannotBe_IsRefusedInOneLine(string action, int status, string reason)
    {
        await using var workers = await FakeWorkers.StartAsync();
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, workers.Urls[0]);

        using var response = await board.PostAsync($"/api/elections/file/jobs/candidates/{action}");

        Assert.Equal((status, true), ((int)response.StatusCode, (await ErrorAsync(response)).Contains(reason, StringComparison.Ordinal)));
        Assert.Empty(workers.Requests);
    }

    [Fact]
    public async Task Action_RefusedByTheCandidate_SaysWhatItSaid()
    {
        await using var workers = await FakeWorkers.StartAsync();
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, workers.Urls[0]);
        workers.Answer = (_, _) => (409, "this candidate\ndoes not lead\n");

        using var response = await board.PostAsync("/api/elections/file/jobs/candidates/node-1/resign");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("node-1: this candidate does not lead", await ErrorAsync(response));
    }

    [Fact]
    public async Task Action_OnAnAddressElsewhere_IsRefused()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, "http://192.0.2.1:80");

        using var response = await board.PostAsync(Crash);

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("only candidates on this machine", await ErrorAsync(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Action_ThatIsNotOffered_IsRefused()
    {
        await using var workers = await FakeWorkers.StartAsync();
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, workers.Urls[0], """["resign"]""");

        using var response = await board.PostAsync(Crash);

        Assert.Equal("node-1 does not offer crash", await ErrorAsync(response));
        Assert.Empty(workers.Requests);
    }

    [Theory]
    [InlineData("crash", 204)]
    [InlineData("resign", 502)]
    public async Task Action_WhoseConnectionEndsUnderIt_IsNotSentAgain(string action, int status)
    {
        await using var workers = await FakeWorkers.StartAsync();
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, workers.Urls[0]);
        workers.Answer = (_, request) =>
        {
            request.HttpContext.Abort();
            return (200, "");
        };

        using var response = await board.PostAsync($"/api/elections/file/jobs/candidates/node-1/{action}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Single(workers.Requests);
    }

    [Fact]
    public async Task Action_OnOneThatDoesNotAnswer_SaysSo()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true);
        using var reporter = await LeadAsync(board, $"http://127.0.0.1:{Servers.FreePort.Next()}");

        using var response = await board.PostAsync(Crash);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("node-1 cannot be reached at http://127.0.0.1:", await ErrorAsync(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_WithoutTheKey_IsNotLetIn()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);
        await using var keyless = await BoardHost.StartAsync(isDevelopment: true);

        using var wrong = await GetStreamAsync(board, "guessed");
        using var none = await GetStreamAsync(keyless, OperatorStub.Key);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.NotFound), (wrong.StatusCode, none.StatusCode));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Operator_DoesWhatIsAsked(string command)
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);
        using var reporter = await LeadAsync(board, "http://127.0.0.1:1");
        var done = new List<string>();
        await using var stub = await OperatorStub.ConnectAsync(board, (what, resource) =>
        {
            done.Add($"{what} {resource}");
            return Task.FromResult<string?>(null);
        });

        using var response = await board.PostAsync($"/api/elections/file/jobs/candidates/node-1/{command}", ("Operator-Key", OperatorStub.Key));

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([$"{command} node-1"], done);
    }

    [Fact]
    public async Task Operator_Fails_OrGoes_IsSaid()
    {
        await using var board = await BoardHost.StartAsync(isDevelopment: true, operatorKey: OperatorStub.Key);
        using var reporter = await LeadAsync(board, "http://127.0.0.1:1");
        var called = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        var stub = await OperatorStub.ConnectAsync(board, async (command, _) =>
        {
            if (command == "stop")
                return "the resource\nis not there";
            called.SetResult();
            await released.Task;
            return null;
        });

        using var failed = await board.PostAsync("/api/elections/file/jobs/candidates/node-1/stop");
        var pending = board.PostAsync("/api/elections/file/jobs/candidates/node-1/start");
        await called.Task;
        await using var successor = await OperatorStub.ConnectAsync(board, (_, _) => Task.FromResult<string?>(null));
        using var left = await pending;

        Assert.Equal("the resource is not there", await ErrorAsync(failed));
        Assert.Contains("the operator has gone", await ErrorAsync(left), StringComparison.Ordinal);
        released.SetResult();
        await stub.DisposeAsync();
    }

    private static async Task<Reporter> LeadAsync(BoardHost board, string url, string actions = "null")
    {
        var reporter = await Reporter.ConnectAsync(board);
        await reporter.SendAsync(
            $$"""{"election":"jobs","strategy":"file","candidate":"node-1","role":"leader","fencingToken":7,"leaseRemaining":600,"url":"{{url}}","actions":{{actions}}}""");
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 1);
        return reporter;
    }

    private static Task<HttpResponseMessage> GetStreamAsync(BoardHost board, string key) => board.Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Get, "/api/operator/stream") { Headers = { { "Operator-Key", key } } }, HttpCompletionOption.ResponseHeadersRead);

    private static async Task<string> ErrorAsync(HttpResponseMessage response) =>
        JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("error").GetString()!;
}
