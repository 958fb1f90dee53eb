using System.Reflection;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Hosting;

/// <summary>What users expect of every hosting integration.</summary>
public sealed class IntegrationTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApplication.CreateBuilder();

    [Fact]
    public void Add_EachTakesANameThatIsChecked()
    {
        var methods = typeof(ElectionBuilderExtensions).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
            .Where(method => method.Name.StartsWith("Add", StringComparison.Ordinal) && method.GetParameters() is [{ ParameterType: var first }, ..] && first == typeof(IDistributedApplicationBuilder))
            .ToList();

        Assert.True(methods.Count >= 8, $"{methods.Count}");
        Assert.All(methods, method => Assert.NotNull(method.GetParameters()[1].GetCustomAttribute<ResourceNameAttribute>()));
    }

    [Fact]
    public void ConnectionProperties_AreThoseOfTheStore()
    {
        Assert.Equal(["Endpoints", "Host", "Port", "Uri"], PropertiesOf(_builder.AddEtcd("etcd").Resource));
        Assert.Equal(["Endpoints", "Host", "Port"], PropertiesOf(_builder.AddZooKeeper("zookeeper").Resource));
        Assert.Equal(["Endpoints", "Host", "Port"], PropertiesOf(_builder.AddNativeRedis("redis", "redis-server", Path.GetTempPath()).Resource));
        Assert.Equal(["Cluster", "Members", "Secret"], PropertiesOf(_builder.AddRaftCluster("raft").Resource));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WithMembers_HaveOneLifetime_WhateverWasSaidFirst(bool lifetimeFirst)
    {
        var etcd = _builder.AddEtcd("etcd");
        if (lifetimeFirst)
            etcd.WithLifetime(ContainerLifetime.Persistent).WithMembers(3);
        else
            etcd.WithMembers(3).WithLifetime(ContainerLifetime.Persistent);
        // Ends the start as soon as the events before it are over, before there is any container.
        _builder.Eventing.Subscribe<BeforeStartEvent>((_, _) => throw new OperationCanceledException());
        await using var app = _builder.Build();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => app.StartAsync());

        Assert.All(etcd.Resource.Members, member =>
            Assert.Equal(ContainerLifetime.Persistent, Assert.Single(member.Annotations.OfType<ContainerLifetimeAnnotation>()).Lifetime));
    }

    private static IEnumerable<string> PropertiesOf(IResourceWithConnectionString resource) =>
        resource.GetConnectionProperties().Select(property => property.Key).Order(StringComparer.Ordinal);
}
