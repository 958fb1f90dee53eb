using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using LeaderElection.Tests.Board;

namespace LeaderElection.Tests.Security;

/// <summary>What the board answers to requests that no client of good will sends.</summary>
public sealed class BoardSecurityTests
{
    /// <summary>Kestrel gives a body five seconds of grace; on a busy machine more.</summary>
    private static readonly TimeSpan CutOffWithin = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("Origin: http://elsewhere.example")]
    [InlineData("Origin: null")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    public async Task LedgerWrite_OfAForeignPage_IsForbidden(string header)
    {
        await using var board = await BoardHost.StartAsync();

        Assert.StartsWith("HTTP/1.1 403 ", await SendAsync(board, $"POST /api/ledger/jobs HTTP/1.1\r\n{header}\r\nFencing-Token: 1\r\nContent-Length: 1\r\n", "x"));

        Assert.Equal(0, (await board.LedgerAsync("jobs")).GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/ledger/..")]
    [InlineData("/api/ledger/%2e%2e")]
    [InlineData("/api/ledger/..%2f..%2fledger.db")]
    [InlineData("/api/ledger/a%00b")]
    [InlineData("/api/ledger/a%0d%0aFencing-Token:%201")]
    [InlineData("/api/ledger/a%2fb")]
    [InlineData("/../ledger.db")]
    [InlineData("/%2e%2e/ledger.db")]
    [InlineData("/js/..%2f..%2f..%2fledger.db")]
    [InlineData("/js/%5c..%5c..%5cappsettings.json")]
    [InlineData("/appsettings.json")]
    [InlineData("/%00")]
    [InlineData("/api/elections/%2e%2e/%2e%2e/timeline")]
    [InlineData("/api/elections/a%00/b/timeline")]
    public async Task Path_WithATrick_LeadsNowhere(string path)
    {
        await using var board = await BoardHost.StartAsync();

        foreach (var request in new[] { $"GET {path} HTTP/1.1\r\n", $"POST {path} HTTP/1.1\r\nFencing-Token: 1\r\nContent-Length: 1\r\n" })
        {
            var answer = await SendAsync(board, request, request[0] == 'P' ? "x" : "");
            Assert.Matches("^HTTP/1.1 40[045] ", answer);
            Assert.DoesNotContain("SQLite", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Names_ThatAreTooLong_AreRefused()
    {
        await using var board = await BoardHost.StartAsync();
        var name = new string('n', 4000);

        Assert.StartsWith("HTTP/1.1 400 ", await SendAsync(board, $"POST /api/ledger/{name} HTTP/1.1\r\nFencing-Token: 1\r\nContent-Length: 1\r\n", "x"));
        Assert.StartsWith("HTTP/1.1 400 ", await SendAsync(board, $"POST /api/ledger/jobs HTTP/1.1\r\nCandidate: {name}\r\nFencing-Token: 1\r\nContent-Length: 1\r\n", "x"));
        Assert.StartsWith("HTTP/1.1 404 ", await SendAsync(board, $"GET /api/elections/file/{name}/timeline HTTP/1.1\r\n"));
        Assert.StartsWith("HTTP/1.1 414 ", await SendAsync(board, $"GET /{new string('n', 100_000)} HTTP/1.1\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await SendAsync(board, $"GET / HTTP/1.1\r\nX: {new string('n', 100_000)}\r\n"));
    }

    [Theory]
    [InlineData("Fencing-Token: 1\r\nFencing-Token: 2\r\n")]
    [InlineData("Fencing-Token: 1, 2\r\n")]
    [InlineData("Fencing-Token: 1\rX: 1\r\n")]
    [InlineData("Fencing-Token: 1\0\r\n")]
    [InlineData("Fencing-Token: 1\r\nCandidate: a\r\nCandidate: b\r\n")]
    [InlineData("Fencing-Token: 1\r\nCandidate: a\rSet-Cookie: b\r\n")]
    [InlineData("Fencing-Token : 1\r\n")]
    [InlineData("Fencing-Token: 1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")]
    public async Task Headers_ThatAreInjectedOrDoubled_AreRefusedAndNotEchoed(string headers)
    {
        await using var board = await BoardHost.StartAsync();

        var answer = await SendAsync(board, $"POST /api/ledger/jobs HTTP/1.1\r\n{headers}Content-Length: 1\r\n", "x");

        Assert.Matches("^HTTP/1.1 4", answer);
        Assert.DoesNotContain("Set-Cookie", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, (await board.LedgerAsync("jobs")).GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/ledger/jobs", "Fencing-Token: 1")]
    [InlineData("/api/elections/stream/x/watch", "Content-Type: application/json")]
    public async Task Body_ThatIsTooLong_IsRefusedAnnouncedOrNot(string path, string header)
    {
        await using var board = await BoardHost.StartAsync();
        var body = $"[\"{new string('x', 1 << 20)}\"]";

        Assert.StartsWith("HTTP/1.1 413 ", await SendAsync(board, $"POST {path} HTTP/1.1\r\n{header}\r\nContent-Length: {body.Length}\r\n", body));
        Assert.StartsWith("HTTP/1.1 413 ", await SendAsync(board, $"POST {path} HTTP/1.1\r\n{header}\r\nTransfer-Encoding: chunked\r\n", $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n"));
    }

    [Fact]
    public async Task Body_ThatTricklesIn_IsCutOffAndOthersAreServedMeanwhile()
    {
        await using var board = await BoardHost.StartAsync();
        using var slow = await ConnectAsync(board);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /api/ledger/jobs HTTP/1.1\r\nHost: localhost\r\nFencing-Token: 9\r\nContent-Length: 60000\r\n\r\n"));
        using var stop = new CancellationTokenSource();
        var dripping = DripAsync(slow.GetStream(), stop.Token);

        using (var other = await board.AppendAsync("jobs", "1"))
            Assert.Equal(HttpStatusCode.Created, other.StatusCode);
        var answer = await ReadAsync(slow.GetStream()).WaitAsync(CutOffWithin, TimeProvider.System);
        await stop.CancelAsync();
        await dripping;

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer);
        Assert.Equal(1, (await board.LedgerAsync("jobs")).GetProperty("highest").GetInt64());
    }

    [Fact]
    public async Task Page_HasAPolicyThatItKeepsTo()
    {
        await using var board = await BoardHost.StartAsync();
        using var response = await board.Client.GetAsync("/");
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        var page = await response.Content.ReadAsStringAsync();

        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("script-src|style-src|\\*|https?:"), policy);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        // Scripts and styles come from files of the board; nothing stands in the page itself.
        Assert.DoesNotMatch(new Regex("<script(?![^>]*\\ssrc=\"[^\":]+\")|<style|\\sstyle=|\\son[a-z]+=|javascript:", RegexOptions.IgnoreCase), page);
    }

    private static async Task DripAsync(NetworkStream stream, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await stream.WriteAsync("x"u8.ToArray(), stop);
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Cut off: that is what the test is about.
        }
    }

    /// <summary>Sends exactly these bytes, as no client would.</summary>
    private static async Task<string> SendAsync(BoardHost board, string head, string body = "")
    {
        using var connection = await ConnectAsync(board);
        var stream = connection.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"{head}Host: localhost\r\nConnection: close\r\n\r\n{body}"));
        }
        catch (IOException)
        {
            // Refused before it had read it all; the answer may be there.
        }
        return await ReadAsync(stream);
    }

    private static async Task<TcpClient> ConnectAsync(BoardHost board)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, board.Client.BaseAddress!.Port);
        return client;
    }

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer) is var read and > 0)
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // Reset, with bytes unread: what came before counts.
        }
        return answer.ToString();
    }
}
