using System.Net;
using System.Text.Json;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Worker;

public sealed class WorkerProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Help_ListsOptions_AndExitsWith0()
    {
        await using var process = WorkerProcess.Launch(_folder.Path, ["--help"]);

        Assert.Equal(0, await process.WaitForExitAsync());
        Assert.Contains(process.StandardOutput, l => l.Contains("--election, --lock-name <NAME>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--lock-nam", "x", "--lock-nam is not an option; did you mean --lock-name?")]
    [InlineData("--lease-duration", "soon", "--lease-duration (LeaderElection:LeaseDuration) is 'soon'; it must be a duration, such as 15s, 500ms, 2m or 00:00:15")]
    [InlineData("--renew-interval", "20s", "RenewInterval (20 s) + SafetyMargin (0.75 s) must be less than LeaseDuration")]
    public async Task BadSetting_IsOneLineOnStandardError_AndExitCode2(string option, string value, string problem)
    {
        await using var process = WorkerProcess.Launch(_folder.Path, [option, value]);

        Assert.Equal(2, await process.WaitForExitAsync());
        Assert.StartsWith(problem, Assert.Single(process.StandardError), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_CommandLineBeatsEnvironmentBeatsFile()
    {
        await File.WriteAllTextAsync(
            _folder.File("appsettings.json"),
            """{ "LeaderElection": { "Election": "of-file", "Candidate": "of-file", "LeaseDuration": "7s" } }""");
        await using var worker = await WorkerProcess.StartAsync(
            _folder.Path, ["--node-id", "of-command-line"], "Development",
            ("LeaderElection__Election", "of-environment"), ("LeaderElection__Candidate", "of-environment"));

        var election = await worker.WaitForRoleAsync("leader");

        Assert.Equal("of-command-line", election.GetProperty("candidate").GetString());
        Assert.Equal("of-environment", election.GetProperty("election").GetString());
        Assert.InRange(election.GetProperty("leaseRemaining").GetDouble(), 0, 7);
    }

    [Fact]
    public async Task SingleWorker_BecomesLeader_AndShowsItOnConsoleAndHttp()
    {
        await using var worker = await StartAsync("node-1", "--status");

        var token = Token(await worker.WaitForRoleAsync("leader"));

        await worker.Process.WaitForLineAsync($">>> node-1 became LEADER of my-service, token {token}");
        await worker.Process.WaitForLineAsync($"node-1 LEADER    my-service token {token}  lease ");
        var election = await Eventually.GetAsync(worker.ElectionAsync, e => e.GetProperty("leader").ValueKind == JsonValueKind.Object, "the leader to be observed");
        Assert.Equal("node-1", election.GetProperty("leader").GetProperty("candidate").GetString());
        Assert.Equal(worker.Process.Id, election.GetProperty("pid").GetInt32());
        Assert.Empty(worker.Process.StandardError);
    }

    [Fact]
    public async Task Terminate_Resigns_AndTheSecondWorkerLeadsAtOnceWithAHigherToken()
    {
        await using var first = await StartAsync("node-1", "--lease-duration", "10m");
        var token = Token(await first.WaitForRoleAsync("leader"));
        await using var second = await StartAsync("node-2", "--lease-duration", "10m");
        await second.Process.WaitForLineAsync($">>> node-1 leads my-service, token {token}");

        first.Process.Terminate();

        // Nobody waits for such a lease to run out.
        await second.Process.WaitForLineAsync(">>> node-2 became LEADER of my-service");
        Assert.True(Token(await second.ElectionAsync()) > token);
        Assert.Equal(0, await first.Process.WaitForExitAsync());
        await first.Process.WaitForLineAsync(">>> node-1 withdraws from my-service");
    }

    [Theory]
    [InlineData("/faults/crash")]
    [InlineData("/faults/freeze?for=1s")]
    [InlineData("/faults/cut-off?for=1s")]
    [InlineData("/faults/heal")]
    [InlineData("/faults/resign")]
    public async Task Faults_InProduction_AreNotThere(string path)
    {
        await using var worker = await WorkerProcess.StartAsync(_folder.Path, ["--node-id", "node-1", "--playground"], "Production");

        using var response = await worker.PostAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task FreezeAndCutOff_EndTheTerm_AndTheOtherLeads()
    {
        await using var first = await StartAsync("node-1", "--lease-duration", "1s");
        var token = Token(await first.WaitForRoleAsync("leader"));
        await using var second = await StartAsync("node-2", "--lease-duration", "1s");

        using (var frozen = await first.PostAsync("/faults/freeze?for=5m"))
            Assert.Equal(HttpStatusCode.Accepted, frozen.StatusCode);
        var next = Token(await second.WaitForRoleAsync("leader"));
        Assert.True(next > token);
        await first.WaitForRoleAsync("follower");

        await using var third = await StartAsync("node-3", "--lease-duration", "1s");
        using (var cutOff = await second.PostAsync("/faults/cut-off?for=5m"))
            Assert.Equal(HttpStatusCode.Accepted, cutOff.StatusCode);
        Assert.True(Token(await third.WaitForRoleAsync("leader")) > next);
        await second.WaitForRoleAsync("follower");
    }

    [Fact]
    public async Task FreezeAndCutOff_WithoutASensibleTime_Are400()
    {
        await using var worker = await StartAsync("node-1");

        foreach (var query in new[] { "freeze", "freeze?for=", "freeze?for=soon", "freeze?for=0s", "freeze?for=-1s", "freeze?for=2h", "cut-off?for=soon" })
        {
            using var response = await worker.PostAsync($"/faults/{query}");
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Fact]
    public async Task CutOffWithoutATime_LastsUntilHealed()
    {
        await using var first = await StartAsync("node-1", "--lease-duration", "1s");
        var token = Token(await first.WaitForRoleAsync("leader"));
        await using var second = await StartAsync("node-2", "--lease-duration", "1s");

        using (var cutOff = await first.PostAsync("/faults/cut-off"))
            Assert.Equal(HttpStatusCode.Accepted, cutOff.StatusCode);
        Assert.True(Token(await second.WaitForRoleAsync("leader")) > token);
        using (var healed = await first.PostAsync("/faults/heal"))
            Assert.Equal(HttpStatusCode.Accepted, healed.StatusCode);

        second.Process.Terminate();
        await first.WaitForRoleAsync("leader");
    }

    [Fact]
    public async Task Heal_EndsAFreezeAtOnce()
    {
        await using var worker = await StartAsync("node-1", "--lease-duration", "1s");
        await worker.WaitForRoleAsync("leader");
        using (await worker.PostAsync("/faults/freeze?for=5m"))
            await worker.WaitForRoleAsync("follower");

        using (await worker.PostAsync("/faults/heal"))
            await worker.WaitForRoleAsync("leader");
    }

    [Fact]
    public async Task WhatOnlyRaftCanDo_IsRefusedInOneLine()
    {
        await using var worker = await StartAsync("node-1");
        await worker.WaitForRoleAsync("leader");

        using (var transfer = await worker.PostAsync("/election/transfer?to=m1"))
        {
            Assert.Equal(HttpStatusCode.Conflict, transfer.StatusCode);
            Assert.Equal("this strategy hands over to whoever is next\n", await transfer.Content.ReadAsStringAsync());
        }
        using (var cutOff = await worker.PostAsync("/faults/cut-off?for=1s&from=m1"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, cutOff.StatusCode);
            Assert.Equal("from: only members of raft can be cut off from one another\n", await cutOff.Content.ReadAsStringAsync());
        }
        Assert.Equal(JsonValueKind.Null, (await worker.ElectionAsync()).GetProperty("raft").ValueKind);
    }

    [Fact]
    public async Task Resign_HandsOver_AndIs409WhereItDoesNotLead()
    {
        await using var first = await StartAsync("node-1");
        var token = Token(await first.WaitForRoleAsync("leader"));
        await using var second = await StartAsync("node-2");
        await second.Process.WaitForLineAsync($">>> node-1 leads my-service, token {token}");

        using (var refused = await second.PostAsync("/faults/resign"))
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        using (var resigned = await first.PostAsync("/faults/resign"))
            Assert.Equal(HttpStatusCode.OK, resigned.StatusCode);

        Assert.True(Token(await second.WaitForRoleAsync("leader")) > token);
    }

    [Fact]
    public async Task Resign_InProduction_IsForThisMachineButNotForForeignPages()
    {
        await using var worker = await WorkerProcess.StartAsync(_folder.Path, ["--node-id", "node-1", "--playground"], "Production");
        var token = Token(await worker.WaitForRoleAsync("leader"));

        using (var foreign = await worker.PostAsync("/election/resign", origin: "https://elsewhere.example"))
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        using (var resigned = await worker.PostAsync("/election/resign"))
            Assert.Equal(HttpStatusCode.OK, resigned.StatusCode);

        await Eventually.GetAsync(
            worker.ElectionAsync, e => e.GetProperty("fencingToken") is { ValueKind: JsonValueKind.Number } next && next.GetInt64() > token, "a later term");
    }

    [Fact]
    public async Task Crash_KillsTheProcessAtOnce()
    {
        await using var worker = await StartAsync("node-1");

        await Assert.ThrowsAsync<HttpRequestException>(() => worker.PostAsync("/faults/crash"));

        Assert.Equal(128 + 9, await worker.Process.WaitForExitAsync());
    }

    private Task<WorkerProcess> StartAsync(string node, params string[] arguments) =>
        WorkerProcess.StartAsync(_folder.Path, ["--node-id", node, "--lock-name", "my-service", "--lock-dir", "./locks", .. arguments]);

    private static long Token(JsonElement election) => election.GetProperty("fencingToken").GetInt64();
}
