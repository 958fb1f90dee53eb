using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.App;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Tests.Hosting;

/// <summary>Who leads, as the candidates themselves say.</summary>
public sealed class MembersBackendTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ObserveAsync_TellsEachChange_WhateverAMemberAnswers()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var builder = TestApplication.CreateBuilder();
        var election = builder.AddElection("demo").OnRaft(builder.AddRaftCluster("raft"));
        var members = new[] { "a", "b" }.Select(name => builder.AddExecutable(name, "true", ".").WithParentRelationship(election).Resource).ToList();
        await using var app = builder.Build();
        foreach (var (member, server) in members.Zip([a, b]))
            await app.ResourceNotifications.PublishUpdateAsync(member, row => row with { EnvironmentVariables = [new("ASPNETCORE_URLS", server.App.Urls.Single(), IsFromSpec: true)] });
        await app.ResourceNotifications.PublishUpdateAsync(election.Resource, row => row with { Properties = [new(ElectionProperties.Candidates, "a, b")] });
        await using var backend = new MembersBackend(election.Resource, app.ResourceNotifications, TimeProvider.System);
        await using var leaders = backend.CreateElection("demo", "observer").ObserveAsync().GetAsyncEnumerator();

        (a.Answer, b.Answer) = ("""{"role":"follower","candidate":"a"}""", "no JSON");
        Assert.Null(await NextAsync(leaders));
        a.Answer = """{"role":"leader","candidate":"a","fencingToken":3,"since":"2026-01-01T00:00:00Z","more":[1]}""";
        Assert.Equal(new LeaderInfo("a", 3, new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), await NextAsync(leaders));
        // The old one is gone, or does not know yet: the higher token is right.
        (a.Answer, b.Answer) = (null, """{"role":"leader","candidate":"b","fencingToken":4}""");
        Assert.Equal(("b", 4L), await NextAsync(leaders) is { } next ? (next.CandidateId, next.FencingToken) : default);
        b.Answer = """{"role":"stopped","candidate":"b","fencingToken":null}""";
        Assert.Null(await NextAsync(leaders));
    }

    private static async Task<LeaderInfo?> NextAsync(IAsyncEnumerator<LeaderInfo?> leaders)
    {
        Assert.True(await leaders.MoveNextAsync().AsTask().WaitAsync(Patience));
        return leaders.Current;
    }

    private static async Task<Member> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var member = new Member(builder.Build());
        member.App.MapGet("/election", () => member.Answer is { } answer ? Results.Content(answer, "application/json") : Results.StatusCode(StatusCodes.Status500InternalServerError));
        await member.App.StartAsync();
        return member;
    }

    private sealed class Member(WebApplication app) : IAsyncDisposable
    {
        public WebApplication App => app;

        public string? Answer { get; set; }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
