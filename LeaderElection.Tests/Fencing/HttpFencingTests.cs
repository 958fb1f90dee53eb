using System.Net;
using LeaderElection.FileSystem;
using LeaderElection.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LeaderElection.Tests.Fencing;

/// <summary>A resource behind HTTP, and leaders that write to it.</summary>
public sealed class HttpFencingTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IElectionBackend> _backends = [];
    private readonly List<string> _written = [];
    private readonly CancellationTokenSource _late = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly WebApplication _app;

    public HttpFencingTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        var gate = new FencingGate();
        _app.MapPost("/orders/{state}", (string state) =>
        {
            lock (_written) _written.Add(state);
            return Results.Ok();
        }).RequireFencingToken(gate);
    }

    public Task InitializeAsync() => _app.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var backend in _backends)
            await backend.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
        _late.Dispose();
    }

    [Theory]
    [InlineData(null, HttpStatusCode.PreconditionRequired, "missing")]
    [InlineData("", HttpStatusCode.PreconditionRequired, "missing")]
    [InlineData("x", HttpStatusCode.BadRequest, "whole number")]
    [InlineData("-1", HttpStatusCode.BadRequest, "whole number")]
    [InlineData("1, 2", HttpStatusCode.BadRequest, "whole number")]
    [InlineData("99999999999999999999", HttpStatusCode.BadRequest, "whole number")]
    [InlineData("0", HttpStatusCode.Conflict, "never accepted")]
    [InlineData("1", HttpStatusCode.OK, "")]
    public async Task Request_WithSuchAToken_IsAnswered(string? token, HttpStatusCode status, string line)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
        using var response = await SendAsync(client, "x", token);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(line, await response.Content.ReadAsStringAsync());
        Assert.Equal(status == HttpStatusCode.OK ? 1 : 0, _written.Count);
    }

    [Fact]
    public async Task FrozenLeaderWakesUp_ItsRequestIsRefused()
    {
        var freezer = new Freezer();
        var old = await Backend(freezer.BeforeRequestAsync).CreateElection("orders", "a").CampaignAsync(_late.Token);
        using var leaders = new HttpClient(new FencingTokenHandler { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = new Uri(_app.Urls.First()) };
        await old.RunAsync(async lost => await PostAsync(leaders, "by a", HttpStatusCode.OK, lost));

        freezer.Freeze();
        var next = await Backend(null).CreateElection("orders", "b").CampaignAsync(_late.Token);
        await next.RunAsync(async lost => await PostAsync(leaders, "by b", HttpStatusCode.OK, lost));

        // What was on the way when it froze arrives now.
        using var network = new HttpClient { BaseAddress = leaders.BaseAddress };
        using var late = await SendAsync(network, "late by a", FencingHeader.Format(old.FencingToken));
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Contains($"is lower than {next.FencingToken}", await late.Content.ReadAsStringAsync());
        // And nothing new is sent: the handler looks at the clock.
        using var stale = new HttpClient(new FencingTokenHandler(() => old) { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = leaders.BaseAddress };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stale.PostAsync("/orders/new-by-a", null));
        Assert.Equal(["by a", "by b"], _written);
        freezer.Thaw();
    }

    [Fact]
    public async Task Request_OutsideOfAnyLeadership_IsNotSent()
    {
        using var client = new HttpClient(new FencingTokenHandler { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = new Uri(_app.Urls.First()) };
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => client.PostAsync("/orders/x?secret=1", null));
        Assert.Contains("POST", error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.Empty(_written);
    }

    private static async Task PostAsync(HttpClient client, string state, HttpStatusCode expected, CancellationToken lost)
    {
        using var response = await client.PostAsync($"/orders/{Uri.EscapeDataString(state)}", null, lost);
        Assert.Equal(expected, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string state, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/orders/{Uri.EscapeDataString(state)}");
        if (token is not null)
            request.Headers.TryAddWithoutValidation(FencingHeader.Name, token);
        return await client.SendAsync(request);
    }

    private FileElectionBackend Backend(Func<CancellationToken, ValueTask>? beforeRequest)
    {
        var backend = new FileElectionBackend(new() { Directory = _folder.Path, LeaseDuration = TimeSpan.FromSeconds(1), BeforeRequest = beforeRequest });
        _backends.Add(backend);
        return backend;
    }
}
