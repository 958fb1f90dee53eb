using LeaderElection.Etcd;
using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.PostgreSql;
using LeaderElection.Raft;
using LeaderElection.Redis;
using LeaderElection.ZooKeeper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LeaderElection.Tests.Unit;

public sealed class BackendRegistrationTests
{
    [Fact]
    public void Options_ConfiguredForAllInTheServices_ReachTheBackendOfEachStrategy()
    {
        Refuses<FileElectionOptions>(b => b.AddFileElectionBackend("store", o => o.Directory = "locks"));
        Refuses<RedisElectionOptions>(b => b.AddRedisElectionBackend("store", o => o.ConnectionString = "localhost"));
        Refuses<PostgreSqlElectionOptions>(b => b.AddPostgreSqlElectionBackend("store", o => o.ConnectionString = "Host=localhost"));
        Refuses<EtcdElectionOptions>(b => b.AddEtcdElectionBackend("store", o => o.ConnectionString = "http://localhost:2379"));
        Refuses<ZooKeeperElectionOptions>(b => b.AddZooKeeperElectionBackend("store", o => o.ConnectionString = "localhost"));
        Refuses<RaftElectionOptions>(b => b.AddRaftElectionBackend("store", o =>
            (o.ConnectionString, o.Member) = ("m0=localhost:7000,m1=localhost:7001,m2=localhost:7002;secret=0123456789abcdef", "m0")));
    }

    /// <summary>A lease that no backend accepts shows that it was told of it.</summary>
    private static void Refuses<T>(Action<IHostApplicationBuilder> register) where T : LeaseOptions
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        register(builder);
        builder.Services.PostConfigureAll<T>(options => options.LeaseDuration = TimeSpan.FromDays(2));
        using var host = builder.Build();

        var refusal = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IElectionBackend>());

        Assert.Contains("LeaseDuration is 172800 s", Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }
}
