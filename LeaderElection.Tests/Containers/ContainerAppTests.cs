using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.Containers;

/// <summary>The AppHost's elections on stores that are containers.</summary>
[Collection("App")]
public sealed class ContainerAppTests(ContainerApp containers) : IClassFixture<ContainerApp>, IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestApplication.Patience, TimeProvider.System);

    private CancellationToken Timeout => _timeout.Token;

    public void Dispose() => _timeout.Dispose();

    [ContainerFact]
    public async Task Stores_AreContainers_AndBecomeHealthy()
    {
        var app = await containers.GetAsync(Timeout);

        var model = app.Services.GetRequiredService<DistributedApplicationModel>();
        foreach (var store in ContainerApp.Stores)
        {
            Assert.IsAssignableFrom<ContainerResource>(model.Resources.Single(resource => resource.Name == store));
            await app.ResourceNotifications.WaitForResourceHealthyAsync(store, Timeout);
        }
    }

    [ContainerFact]
    public async Task Leader_Killed_AnotherLeadsUnderAHigherToken()
    {
        var app = await containers.GetAsync(Timeout);
        await ForEachStoreAsync(async store =>
        {
            var (leader, token) = await ContainerApp.LeaderAsync(app, store, after: 0, Timeout);
            await ExecuteAsync(app, $"{store}-demo", "crash-leader");

            var next = await ContainerApp.LeaderAsync(app, store, after: token, Timeout);

            Assert.NotEqual(leader, next.Candidate);
            await ExecuteAsync(app, leader, KnownResourceCommands.StartCommand);
        });
    }

    [ContainerFact]
    public async Task Store_StoppedAndStarted_ElectsAgain_AndTokensGoOn()
    {
        var app = await containers.GetAsync(Timeout);
        await ForEachStoreAsync(async store =>
        {
            var (_, token) = await ContainerApp.LeaderAsync(app, store, after: 0, Timeout);
            await ExecuteAsync(app, store, KnownResourceCommands.StopCommand);
            await app.ResourceNotifications.WaitForResourceAsync(store, KnownResourceStates.TerminalStates, Timeout);
            await ExecuteAsync(app, store, KnownResourceCommands.StartCommand);
            await app.ResourceNotifications.WaitForResourceHealthyAsync(store, Timeout);

            await StepDownAsync(app, store, token);
        });
    }

    [ContainerFact]
    public async Task Application_StartedAgain_TakesUpTheVolumes_AndTokensGoOn()
    {
        var app = await containers.GetAsync(Timeout);
        var tokens = new Dictionary<string, long>();
        foreach (var store in ContainerApp.Stores)
            tokens[store] = (await ContainerApp.LeaderAsync(app, store, after: 0, Timeout)).FencingToken;

        app = await containers.RestartAsync(Timeout);

        await ForEachStoreAsync(async store =>
        {
            // etcd keeps the lease of the one that led until the end, and shows it for so long.
            var (_, first) = await ContainerApp.LeaderAsync(app, store, after: 0, Timeout);
            Assert.True(first >= tokens[store], $"{store}: {first} after {tokens[store]}");
            await ContainerApp.LeaderAsync(app, store, after: tokens[store], Timeout);
        });
    }

    /// <summary>Lets the leader hand over until the row has shown a token above the one given, and none at or below it from a new leader.</summary>
    private async Task StepDownAsync(DistributedApplication app, string store, long token)
    {
        while (!(await app.ResourceCommands.ExecuteCommandAsync($"{store}-demo", "step-down", Timeout)).Success)
            await ContainerApp.LeaderAsync(app, store, after: token - 1, Timeout);
        await ContainerApp.LeaderAsync(app, store, after: token, Timeout);
    }

    private static Task ForEachStoreAsync(Func<string, Task> check) => Task.WhenAll(ContainerApp.Stores.Select(check));

    private async Task ExecuteAsync(DistributedApplication app, string resource, string command)
    {
        var result = await app.ResourceCommands.ExecuteCommandAsync(resource, command, Timeout);
        Assert.True(result.Success, $"{command} on {resource}: {result.Message}");
    }
}
