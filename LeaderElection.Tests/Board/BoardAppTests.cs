using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using LeaderElection.Board;
using LeaderElection.Board.Ledger;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Board;

public sealed class BoardAppTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("board-app-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Page_IsServedWithItsParts()
    {
        await using var board = await BoardHost.StartAsync();

        Assert.Contains("<title>Leader election</title>", await board.Client.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Contains("EventSource", await board.Client.GetStringAsync("/board.js"), StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme", await board.Client.GetStringAsync("/css/board.css"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_HasTheDetailOfEachCheck()
    {
        await using var board = await BoardHost.StartAsync();

        var health = await board.Client.GetFromJsonAsync<JsonElement>("/health");
        var alive = await board.Client.GetFromJsonAsync<JsonElement>("/alive");

        Assert.Equal("Healthy", health.GetProperty("status").GetString());
        Assert.Equal("Healthy", health.GetProperty("checks").GetProperty("ledger").GetProperty("status").GetString());
        Assert.Equal(["self"], alive.GetProperty("checks").EnumerateObject().Select(check => check.Name));
    }

    [Fact]
    public async Task Request_ByAForeignName_IsRefused()
    {
        await using var board = await BoardHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/elections") { Headers = { Host = "rebound.example" } };

        using var response = await board.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Request_ForNothing_IsAProblemWithoutDetail()
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.Client.GetAsync("/api/nothing");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Stop_WithOpenStreamAndSocket_EndsThemAtOnce()
    {
        await using var board = await BoardHost.StartAsync();
        await using var events = await EventReader.OpenAsync(board);
        await events.NextAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.FollowsAsync("node-1");
        await events.UntilAsync(list => list.GetArrayLength() == 1);

        var stopping = board.App.StopAsync();

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, (await reporter.ClosedAsync()).Status);
        while (await events.NextAsync() is not null)
        {
        }
        // Less than the host's own limit, after which it would cut everything off.
        await stopping.WaitAsync(TimeSpan.FromSeconds(4), TimeProvider.System);
    }

    [Fact]
    public void Create_DataFolderThatIsAFile_Fails()
    {
        var file = Path.Combine(_directory.FullName, "file");
        File.WriteAllText(file, "");

        var exception = Assert.Throws<LedgerException>(() => BoardApp.Create(["--Board:DataDirectory", Path.Combine(file, "data")]));

        Assert.Contains("data folder", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CorruptLedger_IsOneLineAndExitCode1()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "ledger.db"), new string('x', 8192));
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList =
            {
                BuildOutput.Of("LeaderElection.Board"),
                "--urls", "http://127.0.0.1:0", "--Board:DataDirectory", _directory.FullName,
            },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("is corrupt, or not a database", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
