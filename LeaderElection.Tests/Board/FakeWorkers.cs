using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Board;

/// <summary>The HTTP side of workers that do not campaign: it keeps what they are asked.</summary>
internal sealed class FakeWorkers : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeWorkers(WebApplication app) => _app = app;

    /// <summary>Their addresses, one each.</summary>
    public IReadOnlyList<string> Urls { get; private set; } = [];

    /// <summary>What they were asked: the worker's number, path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>What they answer: status and text.</summary>
    public Func<int, HttpRequest, (int Status, string Text)> Answer { get; set; } = (_, _) => (202, "");

    public static async Task<FakeWorkers> StartAsync(int count = 1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. Enumerable.Repeat("http://127.0.0.1:0", count)]);
        var workers = new FakeWorkers(builder.Build());
        workers._app.MapFallback(workers.AnswerAsync);
        await workers._app.StartAsync();
        workers.Urls = [.. workers._app.Urls];
        return workers;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var number = Urls.ToList().FindIndex(url => new Uri(url).Port == context.Connection.LocalPort);
        Requests.Enqueue($"{number} {context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        var (status, text) = Answer(number, context.Request);
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(text);
    }
}
