using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace LeaderElection.Tests.Board;

public sealed class LedgerTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ledger-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Append_FirstToken_IsAcceptedAndListed()
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.AppendAsync("jobs", "7", "node-1", new StringContent("{\"job\":1}"));

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("""{"election":"jobs","sequence":1,"fencingToken":7}""", await response.Content.ReadAsStringAsync());
        var ledger = await board.LedgerAsync("jobs");
        Assert.Equal(7, ledger.GetProperty("highest").GetInt64());
        var entry = Assert.Single(ledger.GetProperty("entries").EnumerateArray());
        Assert.Equal("node-1", entry.GetProperty("candidate").GetString());
        Assert.Equal("{\"job\":1}", entry.GetProperty("text").GetString());
        Assert.True(entry.GetProperty("at").TryGetDateTimeOffset(out _));
        Assert.Empty(ledger.GetProperty("refusals").EnumerateArray());
    }

    [Fact]
    public async Task Append_SameTokenAgain_IsAcceptedAndListedNewestFirst()
    {
        await using var board = await BoardHost.StartAsync();

        (await board.AppendAsync("jobs", "7")).Dispose();
        using var second = await board.AppendAsync("jobs", "7");

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        var ledger = await board.LedgerAsync("jobs");
        Assert.Equal([2, 1], ledger.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()));
    }

    [Fact]
    public async Task Append_LowerToken_IsRefusedWithTheHighest()
    {
        await using var board = await BoardHost.StartAsync();
        (await board.AppendAsync("jobs", "9")).Dispose();

        using var response = await board.AppendAsync("jobs", "8", "node-2");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(9, body.GetProperty("highest").GetInt64());
        Assert.Contains("8 is lower than 9", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        var ledger = await board.LedgerAsync("jobs");
        Assert.Single(ledger.GetProperty("entries").EnumerateArray());
        var refusal = Assert.Single(ledger.GetProperty("refusals").EnumerateArray());
        Assert.Equal(8, refusal.GetProperty("fencingToken").GetInt64());
        Assert.Equal(9, refusal.GetProperty("highest").GetInt64());
        Assert.Equal("node-2", refusal.GetProperty("candidate").GetString());
    }

    [Fact]
    public async Task Append_TokenZero_IsRefused()
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.AppendAsync("jobs", "0");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal(0, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("highest").GetInt64());
    }

    [Fact]
    public async Task Append_OtherElection_HasItsOwnTokens()
    {
        await using var board = await BoardHost.StartAsync();
        (await board.AppendAsync("jobs", "9")).Dispose();

        using var response = await board.AppendAsync("Jobs", "1");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Restart_KeepsEntriesAndHighestToken()
    {
        await using (var board = await BoardHost.StartAsync(_directory.FullName))
            (await board.AppendAsync("jobs", "5")).Dispose();

        await using var restarted = await BoardHost.StartAsync(_directory.FullName);
        using var lower = await restarted.AppendAsync("jobs", "4");
        using var same = await restarted.AppendAsync("jobs", "5");

        Assert.Equal(HttpStatusCode.Conflict, lower.StatusCode);
        Assert.Equal(HttpStatusCode.Created, same.StatusCode);
        Assert.Equal(2, (await restarted.LedgerAsync("jobs")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Append_LaterEpoch_StartsTheTokensOver_AndShutsTheEarlierOut()
    {
        await using var board = await BoardHost.StartAsync();
        (await board.AppendAsync("jobs", "900")).Dispose();
        (await board.AppendAsync("jobs", "950", epoch: "1")).Dispose();

        using var fresh = await board.AppendAsync("jobs", "2", epoch: "7");
        using var lower = await board.AppendAsync("jobs", "1", epoch: "7");
        using var earlier = await board.AppendAsync("jobs", "951", epoch: "6");
        using var without = await board.AppendAsync("jobs", "901");

        Assert.Equal(HttpStatusCode.Created, fresh.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, lower.StatusCode);
        Assert.Contains("1 is lower than 2", await lower.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, earlier.StatusCode);
        Assert.Contains("epoch 6 is over; fencing tokens are of epoch 7 now", await earlier.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, without.StatusCode);
        var ledger = await board.LedgerAsync("jobs");
        Assert.Equal((2, 7), (ledger.GetProperty("highest").GetInt64(), ledger.GetProperty("epoch").GetInt64()));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("one")]
    [InlineData("9223372036854775808")]
    public async Task Append_BadEpoch_IsExplainedInOneLine(string epoch)
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.AppendAsync("jobs", "1", epoch: epoch);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("the header Fencing-Epoch is one whole number, 0 to 9223372036854775807", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_LedgerOfTheFirstVersion_KeepsEntriesAndHighestToken()
    {
        await using (var board = await BoardHost.StartAsync(_directory.FullName))
            (await board.AppendAsync("jobs", "5")).Dispose();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "ledger.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE elections DROP COLUMN epoch; PRAGMA user_version = 1";
            command.ExecuteNonQuery();
        }

        await using var upgraded = await BoardHost.StartAsync(_directory.FullName);
        using var lower = await upgraded.AppendAsync("jobs", "4");
        using var higher = await upgraded.AppendAsync("jobs", "6");

        Assert.Equal(HttpStatusCode.Conflict, lower.StatusCode);
        Assert.Equal(HttpStatusCode.Created, higher.StatusCode);
        Assert.Equal(2, (await upgraded.LedgerAsync("jobs")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Append_ManyWritersAtOnce_TokensNeverFall()
    {
        await using var board = await BoardHost.StartAsync();
        var accepted = new ConcurrentBag<long>();

        await Parallel.ForAsync(0, 8, async (writer, _) =>
        {
            var random = new Random(writer);
            for (var i = 1; i <= 40; i++)
            {
                var token = (i / 4) + random.Next(1, 4);
                using var response = await board.AppendAsync("jobs", token.ToString(CultureInfo.InvariantCulture));
                if (response.StatusCode == HttpStatusCode.Created)
                    accepted.Add((await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("sequence").GetInt64());
                else
                    Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
            }
        });

        var ledger = await board.LedgerAsync("jobs", 1000);
        var entries = ledger.GetProperty("entries").EnumerateArray().Reverse().ToArray();
        var tokens = entries.Select(e => e.GetProperty("fencingToken").GetInt64()).ToArray();
        Assert.Equal(tokens.Order(), tokens);
        Assert.Equal(Enumerable.Range(1, entries.Length).Select(i => (long)i), entries.Select(e => e.GetProperty("sequence").GetInt64()));
        Assert.Equal(accepted.Order(), entries.Select(e => e.GetProperty("sequence").GetInt64()));
        Assert.Equal(320, entries.Length + ledger.GetProperty("refusals").GetArrayLength());
    }

    [Theory]
    [InlineData("jobs", null, "Fencing-Token is missing")]
    [InlineData("jobs", "", "whole number")]
    [InlineData("jobs", "-1", "whole number")]
    [InlineData("jobs", "+1", "whole number")]
    [InlineData("jobs", "seven", "whole number")]
    [InlineData("jobs", "1.5", "whole number")]
    [InlineData("jobs", "9223372036854775808", "whole number")]
    [InlineData("no%20name", "1", "election's name")]
    public async Task Append_BadTokenOrName_IsExplainedInOneLine(string election, string? token, string expected)
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.AppendAsync(election, token);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains(expected, JsonSerializer.Deserialize<JsonElement>(body).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', body);
    }

    [Fact]
    public async Task Append_BadCandidateOrBody_IsRefused()
    {
        await using var board = await BoardHost.StartAsync();

        using var candidate = await board.AppendAsync("jobs", "1", "not a name");
        using var empty = await board.AppendAsync("jobs", "1", body: new ByteArrayContent([]));
        using var garbled = await board.AppendAsync("jobs", "1", body: new ByteArrayContent([0xC3, 0x28]));
        using var fits = await board.AppendAsync("jobs", "1", body: new ByteArrayContent(Enumerable.Repeat((byte)'x', 64 * 1024).ToArray()));
        using var large = await board.AppendAsync("jobs", "1", body: new ByteArrayContent(new byte[(64 * 1024) + 1]));

        using var largeUnannounced = await board.AppendAsync("jobs", "1", body: new UnannouncedContent((64 * 1024) + 1));
        using var fitsUnannounced = await board.AppendAsync("jobs", "1", body: new UnannouncedContent(64 * 1024));

        Assert.Equal(HttpStatusCode.BadRequest, candidate.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, garbled.StatusCode);
        Assert.Equal(HttpStatusCode.Created, fits.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, largeUnannounced.StatusCode);
        Assert.Equal(HttpStatusCode.Created, fitsUnannounced.StatusCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1001")]
    [InlineData("many")]
    public async Task Read_BadLimit_IsRefused(string limit)
    {
        await using var board = await BoardHost.StartAsync();

        using var response = await board.Client.GetAsync($"/api/ledger/jobs?limit={limit}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Append_Refused_LeavesASpanThatNamesBothTokens()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "LeaderElection.Board",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var board = await BoardHost.StartAsync();

        (await board.AppendAsync("traced", "6")).Dispose();
        (await board.AppendAsync("traced", "3")).Dispose();

        // Other tests' boards run in this process as well.
        var own = spans.Where(span => (string?)span.GetTagItem("election.name") == "traced").ToArray();
        Assert.Equal([6L, 3L], own.Select(span => span.GetTagItem("election.fencing_token")));
        Assert.Equal(ActivityStatusCode.Unset, own[0].Status);
        Assert.Equal(ActivityStatusCode.Error, own[1].Status);
        Assert.Contains("3 is lower than 6", own[1].StatusDescription, StringComparison.Ordinal);
    }
}
