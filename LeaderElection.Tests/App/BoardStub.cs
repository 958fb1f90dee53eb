using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using LeaderElection.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.App;

/// <summary>What the AppHost expects of the board, with answers that the test chooses.</summary>
internal sealed class BoardStub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<string> _operations = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<int, JsonElement> _outcomes = new();
    private Channel<string> _lists = Channel.CreateUnbounded<string>();
    private int _ids;

    private BoardStub(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>What an operator has to know.</summary>
    public string? OperatorKey { get; set; }

    /// <summary>The answer to who asks for the elections.</summary>
    public string Elections { get; set; } = "[]";

    public string Scenarios { get; set; } = "[]";

    /// <summary>What is told of each run.</summary>
    public string Log { get; set; } = "";

    public ConcurrentQueue<string> Runs { get; } = new();

    public static async Task<BoardStub> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var stub = new BoardStub(app);
        app.MapGet("/api/elections", () => Results.Content(stub.Elections, "application/json"));
        app.MapGet("/api/elections/stream", (HttpContext context) => stub.StreamAsync(context, "elections", stub._lists));
        app.MapGet("/api/operator/stream", (HttpContext context) => stub.ForOperatorAsync(context, () => stub.StreamAsync(context, "operation", stub._operations)));
        app.MapPost("/api/operator/operations/{id:int}", (HttpContext context, int id, JsonElement outcome) => stub.ForOperatorAsync(context, () =>
        {
            stub._outcomes[id] = outcome;
            return Task.CompletedTask;
        }));
        app.MapGet("/api/scenarios", () => Results.Content(stub.Scenarios, "application/json"));
        app.MapPost("/api/scenarios/{name}/runs", (HttpContext context, string name, string strategy, string election) => stub.ForOperatorAsync(context, () =>
        {
            stub.Runs.Enqueue($"{name} {strategy} {election}");
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return context.Response.WriteAsJsonAsync(new { id = "7" });
        }));
        app.MapGet("/api/scenarios/runs/7/log", () => stub.Log);
        await app.StartAsync();
        return stub;
    }

    /// <summary>Tells all who follow the elections.</summary>
    public void Tell(string elections) => _lists.Writer.TryWrite(elections);

    /// <summary>Ends the stream of elections.</summary>
    public void EndStream() => Interlocked.Exchange(ref _lists, Channel.CreateUnbounded<string>()).Writer.Complete();

    /// <summary>Has the operator do something.</summary>
    /// <returns>Its error, if it has one.</returns>
    public async Task<string?> OperateAsync(string command, string resource)
    {
        var id = Interlocked.Increment(ref _ids);
        await _operations.Writer.WriteAsync(JsonSerializer.Serialize(new { id, command, resource }));
        await Eventually.TrueAsync(() => _outcomes.ContainsKey(id), $"the outcome of {command} {resource}");
        return _outcomes[id].GetProperty("error").GetString();
    }

    public async ValueTask DisposeAsync()
    {
        EndStream();
        _operations.Writer.TryComplete();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task ForOperatorAsync(HttpContext context, Func<Task> then)
    {
        if (context.Request.Headers["Operator-Key"] == OperatorKey)
        {
            await then();
            return;
        }
        context.Response.StatusCode = (int)HttpStatusCode.Forbidden;
        await context.Response.WriteAsJsonAsync(new { error = "the key is wrong" });
    }

    private async Task StreamAsync(HttpContext context, string type, Channel<string> events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(": waiting\n\n");
        await context.Response.Body.FlushAsync();
        await foreach (var data in events.Reader.ReadAllAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync($"event: {type}\ndata: {data}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }
}
