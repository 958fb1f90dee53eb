using System.Net.Http.Json;
using System.Text.Json;

namespace LeaderElection.Tests.Board;

public sealed class PageStreamTests
{
    [Fact]
    public async Task Stream_SendsTheListOnce_ThenOnlyWhatHasChanged()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.FollowsAsync("node-1", "jobs");
        await reporter.FollowsAsync("node-1", "mail");
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 2);
        await using var events = await EventReader.OpenAsync(board, "?changes=true");
        var hello = await events.NextAsync();
        var list = await events.NextAsync();
        var figures = await events.NextAsync();

        await reporter.LeadsAsync("node-1", 7, 60, "mail");

        var changed = await events.NextAsync();
        Assert.Equal(["board", "elections", "figures", "changed"], new[] { hello, list, figures, changed }.Select(one => one!.Value.Type));
        Assert.False(hello!.Value.Data.GetProperty("actions").GetBoolean());
        Assert.Equal(2, list!.Value.Data.GetArrayLength());
        Assert.Equal("mail", Assert.Single(changed!.Value.Data.EnumerateArray()).GetProperty("name").GetString());
        var next = await events.NextAsync();
        Assert.Equal("figures", next!.Value.Type);
        Assert.Equal(1, next.Value.Data.GetProperty("leaderships").GetInt64());
    }

    [Fact]
    public async Task LeaseTick_IsSentOnlyForWhatIsWatched()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, 60, "jobs");
        await reporter.LeadsAsync("node-1", 7, 60, "mail");
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 2);
        await using var events = await EventReader.OpenAsync(board, "?changes=true");
        var stream = (await events.NextAsync())!.Value.Data.GetProperty("stream").GetString();
        await events.NextAsync();
        await events.NextAsync();

        await reporter.LeadsAsync("node-1", 7, 50, "jobs");
        using (var watch = await board.Client.PostAsJsonAsync($"/api/elections/stream/{stream}/watch", new[] { "file/mail" }))
            watch.EnsureSuccessStatusCode();
        await reporter.LeadsAsync("node-1", 7, 40, "jobs");
        await reporter.LeadsAsync("node-1", 7, 30, "mail");

        var names = new List<string?>();
        double lease;
        do
        {
            var (type, data) = (await events.NextAsync())!.Value;
            Assert.Equal("pulse", type);
            var pulse = Assert.Single(data.EnumerateArray());
            names.Add(pulse.GetProperty("name").GetString());
            lease = pulse.GetProperty("leaseRemaining").GetDouble();
        }
        while (lease > 30);
        Assert.All(names, name => Assert.Equal("mail", name));
    }

    [Fact]
    public async Task Pulse_HasHowTheRaftMembersStand()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.SendAsync(
            """{"election":"jobs","strategy":"raft","candidate":"node-0","role":"follower","raft":{"member":"m0","term":3,"votedFor":"m1","peers":[{"member":"m1","isConnected":true,"heartbeatAge":0.02,"sent":5,"received":6,"isCutOff":false}]}}""");
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 1);
        await using var events = await EventReader.OpenAsync(board, "?changes=true");
        var stream = (await events.NextAsync())!.Value.Data.GetProperty("stream").GetString();
        var list = (await events.NextAsync())!.Value.Data;

        using (var watch = await board.Client.PostAsJsonAsync($"/api/elections/stream/{stream}/watch", new[] { "raft/jobs" }))
            watch.EnsureSuccessStatusCode();
        (string Type, JsonElement Data) next;
        do
            next = (await events.NextAsync())!.Value;
        while (next.Type != "pulse");

        Assert.Equal("m0", list[0].GetProperty("candidates")[0].GetProperty("member").GetString());
        var member = next.Data[0].GetProperty("members").GetProperty("node-0");
        Assert.Equal((3, "m1"), (member.GetProperty("term").GetInt64(), member.GetProperty("votedFor").GetString()));
        Assert.Equal(0.02, member.GetProperty("peers")[0].GetProperty("heartbeatAge").GetDouble());
    }

    [Fact]
    public async Task Watch_OfAStreamThatIsNotOpen_OrOfNonsense_IsRefused()
    {
        await using var board = await BoardHost.StartAsync();

        using var unknown = await board.Client.PostAsJsonAsync("/api/elections/stream/guessed/watch", new[] { "file/jobs" });
        using var nonsense = await board.Client.PostAsJsonAsync("/api/elections/stream/guessed/watch", new[] { "jobs" });

        Assert.Equal((404, 400), ((int)unknown.StatusCode, (int)nonsense.StatusCode));
    }

    [Fact]
    public async Task Timeline_IsServedAsJsonAndAsText()
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);
        await reporter.LeadsAsync("node-1", 7, 60);
        await Wait.ForAsync(board.ElectionsAsync, list => list.GetArrayLength() == 1);
        (await board.AppendAsync("jobs", "9")).Dispose();
        (await board.AppendAsync("jobs", "7", "node-1")).Dispose();

        var timeline = await board.Client.GetFromJsonAsync<JsonElement>("/api/elections/file/jobs/timeline?minutes=5");
        var text = await board.Client.GetStringAsync("/api/elections/file/jobs/timeline?format=text");
        using var none = await board.Client.GetAsync("/api/elections/file/none/timeline");
        using var bad = await board.Client.GetAsync("/api/elections/file/jobs/timeline?minutes=0");

        Assert.Equal("node-1", timeline.GetProperty("terms")[0].GetProperty("candidate").GetString());
        Assert.Equal(9, timeline.GetProperty("refusals")[0].GetProperty("highest").GetInt64());
        Assert.Contains("!! refused: node-1 wrote with token 7, the highest seen was 9", text, StringComparison.Ordinal);
        Assert.Equal((404, 400), ((int)none.StatusCode, (int)bad.StatusCode));
    }

    [Theory]
    [InlineData("\"leaseDuration\":0", "leaseDuration")]
    [InlineData("\"endReason\":\"\"", "endReason")]
    [InlineData("\"actions\":[\"a b\"]", "actions")]
    [InlineData("\"raft\":{\"member\":\"\",\"term\":1,\"peers\":[]}", "raft")]
    [InlineData("\"raft\":{\"member\":\"m0\",\"term\":1,\"peers\":[{\"member\":\"m1\",\"isConnected\":true,\"sent\":-1,\"received\":0,\"isCutOff\":false}]}", "raft.peers")]
    public async Task Report_WithABadField_ClosesWithTheReason(string field, string reason)
    {
        await using var board = await BoardHost.StartAsync();
        using var reporter = await Reporter.ConnectAsync(board);

        await reporter.SendAsync($$"""{"election":"jobs","strategy":"file","candidate":"x","role":"follower",{{field}}}""");

        Assert.StartsWith(reason, (await reporter.ClosedAsync()).Reason, StringComparison.Ordinal);
    }
}
