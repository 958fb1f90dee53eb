using System.Net.Http.Json;
using System.Text.Json;
using LeaderElection.Board;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Board;

/// <summary>The real board, in this process, on a free loopback port, with a data folder of its own.</summary>
internal sealed class BoardHost : IAsyncDisposable
{
    private readonly DirectoryInfo? _ownDirectory;

    private BoardHost(WebApplication app, DirectoryInfo? ownDirectory)
    {
        App = app;
        _ownDirectory = ownDirectory;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public static async Task<BoardHost> StartAsync(
        string? dataDirectory = null, TimeProvider? time = null, bool isDevelopment = false, string? operatorKey = null)
    {
        var own = dataDirectory is null ? Directory.CreateTempSubdirectory("board-") : null;
        var app = BoardApp.Create(
            [
                "--urls", "http://127.0.0.1:0", "--Board:DataDirectory", dataDirectory ?? own!.FullName,
                "--environment", isDevelopment ? "Development" : "Production",
                .. operatorKey is null ? Array.Empty<string>() : ["--Board:OperatorKey", operatorKey],
            ],
            builder =>
            {
                builder.Logging.ClearProviders();
                if (time is not null)
                    builder.Services.AddSingleton(time);
            });
        await app.StartAsync();
        return new BoardHost(app, own);
    }

    public Task<JsonElement> ElectionsAsync() => Client.GetFromJsonAsync<JsonElement>("/api/elections");

    public Task<JsonElement> LedgerAsync(string election, int limit = 100) =>
        Client.GetFromJsonAsync<JsonElement>($"/api/ledger/{election}?limit={limit}");

    public async Task<HttpResponseMessage> AppendAsync(string election, string? token, string? candidate = null, HttpContent? body = null, string? epoch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/ledger/{election}") { Content = body ?? new StringContent("an entry") };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Fencing-Token", token);
        if (candidate is not null)
            request.Headers.TryAddWithoutValidation("Candidate", candidate);
        if (epoch is not null)
            request.Headers.TryAddWithoutValidation("Fencing-Epoch", epoch);
        return await Client.SendAsync(request);
    }

    /// <summary>The token of the board's page.</summary>
    public async Task<string> TokenAsync() =>
        (await Client.GetFromJsonAsync<JsonElement>("/api/token")).GetProperty("token").GetString()!;

    /// <summary>Posts as the board's page does.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        foreach (var (name, value) in headers.Length > 0 ? headers : [("Board-Token", await TokenAsync())])
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        _ownDirectory?.Delete(recursive: true);
    }
}
