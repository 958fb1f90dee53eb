using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace LeaderElection.Tests.Hosting;

/// <summary>What a candidate is handed over with a reference to its election.</summary>
public sealed class ElectionReferenceTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApplication.CreateBuilder();

    public static TheoryData<string> Stores => ["redis", "etcd", "zookeeper"];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task WithReference_OnAStore_HandsOverStrategyNameAndConnectionString_WaitsAndNests(string strategy)
    {
        var store = AddStore(strategy, "cache");
        var election = _builder.AddElection("orders-row", "orders").On(store).WithLeaseDuration(TimeSpan.FromSeconds(7));

        var worker = AddWorker("worker").WithReplicas(3).WithReference(election).Resource;

        var environment = await Composition.EnvironmentOfAsync(_builder, worker);
        Assert.Equal(strategy, election.Resource.Strategy);
        Assert.Equal((strategy, "orders", "00:00:07"), (environment["LeaderElection__Strategy"], environment["LeaderElection__Election"], environment["LeaderElection__LeaseDuration"]));
        // By the store's own name, and by the one that a choice by configuration looks for.
        Assert.Same(store.Resource, Assert.IsType<ConnectionStringReference>(environment["ConnectionStrings__cache"]).Resource);
        Assert.Same(store.Resource, Assert.IsType<ConnectionStringReference>(environment[$"ConnectionStrings__{strategy}"]).Resource);
        Assert.Same(election.Resource, Composition.ParentOf(worker));
        Assert.Contains(worker.Annotations.OfType<WaitAnnotation>(), wait => wait.Resource == store.Resource);
        Assert.Contains(election.Resource.Annotations.OfType<WaitAnnotation>(), wait => wait.Resource == store.Resource);
    }

    [Fact]
    public async Task WithReference_OnAStoreFromElsewhere_NeedsItsStrategy()
    {
        var store = _builder.AddConnectionString("cache");
        var unknown = Assert.Throws<ArgumentException>(() => _builder.AddElection("orders").On(store));
        Assert.Equal("'cache' is not known to be a Redis, etcd or ZooKeeper: say what it is, as in On(cache, \"redis\"). (Parameter 'store')", unknown.Message);
        var wrong = Assert.Throws<ArgumentException>(() => _builder.AddElection("bills").On(store, "paxos"));
        Assert.Equal("The strategy of 'bills' is 'paxos'; on a store it can be redis, etcd or zookeeper. (Parameter 'strategy')", wrong.Message);

        var worker = AddWorker("worker").WithReference(_builder.AddElection("mails").On(store, "redis")).Resource;

        Assert.Contains("ConnectionStrings__redis", (await Composition.EnvironmentOfAsync(_builder, worker)).Keys);
    }

    [Fact]
    public async Task WithReference_InAFolder_HandsItOver()
    {
        var election = _builder.AddElection("orders").InFolder("some/folder");

        var worker = AddWorker("worker").WithReference(election).Resource;

        var environment = await Composition.EnvironmentOfAsync(_builder, worker);
        Assert.Equal("file", environment["LeaderElection__Strategy"]);
        Assert.Equal(Path.Combine(_builder.AppHostDirectory, "some", "folder"), environment["ConnectionStrings__file"]);
        Assert.DoesNotContain("LeaderElection__LeaseDuration", environment.Keys);
    }

    [Fact]
    public async Task WithReference_OnRaft_MakesItTheNextMember()
    {
        var cluster = _builder.AddRaftCluster("peers", "some/folder");
        var election = _builder.AddElection("orders").OnRaft(cluster);

        var members = Enumerable.Range(0, 3).Select(number => AddWorker($"worker-{number}").WithReference(election).Resource).ToList();

        Assert.Equal(members, cluster.Resource.Members);
        var environment = await Composition.EnvironmentOfAsync(_builder, members[1]);
        Assert.Equal(("raft", "m1"), (environment["LeaderElection__Strategy"], environment["LeaderElection__Raft__Member"]));
        Assert.Equal(Path.Combine(_builder.AppHostDirectory, "some", "folder", "members-3", "m1"), environment["LeaderElection__Raft__Directory"]);
        Assert.Contains("ConnectionStrings__raft", environment.Keys);
        Assert.Contains("ConnectionStrings__peers", environment.Keys);
    }

    [Fact]
    public void WithReference_BeforeItsPlace_AndASecondPlace_AreRefusedInOneLine()
    {
        var election = _builder.AddElection("orders");
        var tooEarly = Assert.Throws<InvalidOperationException>(() => AddWorker("worker").WithReference(election));
        Assert.Equal("Say what the election 'orders' is held on before 'worker' references it: On(store), InFolder(folder) or OnRaft(cluster).", tooEarly.Message);

        election.InFolder("locks");
        var second = Assert.Throws<InvalidOperationException>(() => election.On(_builder.AddRedis("redis")));
        Assert.Equal("The election 'orders' is held by file already; an election is held in one place.", second.Message);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void OrNative_IsOneResourceUnderTheStoresName_OrNone(string strategy)
    {
        var native = AddOrNative(strategy, "native", LeaderElection.Hosting.StoreChoice.Native);
        Assert.IsAssignableFrom<NativeServerResource>(native!.Resource);
        Assert.Same(native.Resource, Assert.Single(_builder.Resources, resource => resource.Name.StartsWith("native", StringComparison.Ordinal)));
        Assert.Equal(strategy, _builder.AddElection("orders").On(native).Resource.Strategy);

        // The container's health checks have gone with it: two of one name would be an error at the start.
        Assert.Null(AddOrNative(strategy, "none", LeaderElection.Hosting.StoreChoice.None));
        Assert.IsType<MissingServerResource>(Assert.Single(_builder.Resources, resource => resource.Name.StartsWith("none", StringComparison.Ordinal)));
        using var app = _builder.Build();
        var checks = app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(registration => registration.Name).ToList();
        Assert.Equal(checks.Distinct(), checks);
        Assert.DoesNotContain(checks, check => check.StartsWith("none", StringComparison.Ordinal));
    }

    private IResourceBuilder<IResourceWithConnectionString>? AddOrNative(string strategy, string name, LeaderElection.Hosting.StoreChoice choice)
    {
        var folder = Path.Combine(Path.GetTempPath(), "leader-election-or-native", strategy);
        return strategy switch
        {
            "redis" => _builder.AddRedis(name).OrNative(folder, choice),
            "etcd" => _builder.AddEtcd(name).WithMembers(3).OrNative(folder, choice),
            _ => _builder.AddZooKeeper(name).WithMembers(3).OrNative(folder, choice),
        };
    }

    private IResourceBuilder<IResourceWithConnectionString> AddStore(string strategy, string name) => strategy switch
    {
        "redis" => _builder.AddRedis(name),
        "etcd" => _builder.AddEtcd(name),
        _ => _builder.AddZooKeeper(name),
    };

    private IResourceBuilder<ProjectResource> AddWorker(string name) => _builder
        .AddProject<Projects.LeaderElection_Worker>(name, launchProfileName: null).WithHttpEndpoint();
}
