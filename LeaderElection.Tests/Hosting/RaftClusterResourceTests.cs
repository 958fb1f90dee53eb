using System.Text.RegularExpressions;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Hosting;

public sealed class RaftClusterResourceTests
{
    private const string Secret = "configured-for-the-test";

    private readonly IDistributedApplicationBuilder _builder = TestApplication.CreateBuilder();

    [Fact]
    public async Task ConnectionString_ListsTheMembersAtPortsOfTheirOwn_ClusterAndSecret()
    {
        _builder.Configuration["Parameters:raft-secret"] = Secret;
        var cluster = _builder.AddRaftCluster("raft");
        var processes = AddMembers(cluster, 5);
        foreach (var endpoint in processes.Select(EndpointOf))
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", endpoint.Port!.Value);

        var connectionString = await cluster.Resource.ConnectionStringExpression.GetValueAsync(CancellationToken.None);
        var members = Regex.Match(connectionString!, $@"^(?:(m\d)=127\.0\.0\.1:(\d+),?){{5}};cluster=raft;secret={Secret}$");

        Assert.True(members.Success, connectionString);
        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], members.Groups[1].Captures.Select(capture => capture.Value));
        var ports = members.Groups[2].Captures.Select(capture => int.Parse(capture.Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(5, ports.Distinct().Count());
        // Aspire's orchestrator gives away those from 10000 to 32767.
        Assert.All(ports, port => Assert.True(port > 32767, $"{port}"));
        Assert.All(processes.Select(EndpointOf), endpoint => Assert.False(endpoint.IsProxied));
    }

    [Fact]
    public async Task Secret_Generated_IsASecretParameter_FitForAConnectionString_AndNotInTheRow()
    {
        var cluster = _builder.AddRaftCluster("raft").Resource;

        var secret = await cluster.Secret.GetValueAsync(CancellationToken.None);
        Assert.True(cluster.Secret.Secret);
        Assert.Matches("^[A-Za-z0-9]{32,}$", secret);
        Assert.EndsWith("secret={raft-secret.value}", cluster.ConnectionStringExpression.ValueExpression, StringComparison.Ordinal);
        var row = cluster.Annotations.OfType<ResourceSnapshotAnnotation>().Single().InitialSnapshot;
        Assert.DoesNotContain(row.Properties, property => property.Value?.ToString()?.Contains(secret!, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task WithRaftMember_GivesTheConnectionStringTheIdAndAFolder()
    {
        _builder.Configuration["Parameters:raft-secret"] = Secret;
        var folder = Path.Combine(Path.GetTempPath(), "raft-state");
        var cluster = _builder.AddRaftCluster("raft", folder);

        var member = AddMembers(cluster, 2)[1];

        var environment = await Composition.EnvironmentOfAsync(_builder, member);
        Assert.Equal("m1", environment["LeaderElection__Raft__Member"]);
        Assert.Equal(Path.Combine(folder, "members-2", "m1"), environment["LeaderElection__Raft__Directory"]);
        Assert.Contains("ConnectionStrings__raft", environment.Keys);
        Assert.Contains(member.Annotations.OfType<ResourceRelationshipAnnotation>(), relation => relation.Type == "Reference" && relation.Resource == cluster.Resource);
    }

    [Fact]
    public async Task WithRaftMember_AnotherNumberOfMembers_HasFoldersOfItsOwn()
    {
        // Votes hold for one list of members: a member does not start with those of another.
        var cluster = _builder.AddRaftCluster("raft", "data");
        var first = AddMembers(cluster, 3)[0];
        var of3 = (await Composition.EnvironmentOfAsync(_builder, first))["LeaderElection__Raft__Directory"];

        _builder.AddExecutable("fourth", "true", ".").WithRaftMember(cluster);

        Assert.NotEqual(of3, (await Composition.EnvironmentOfAsync(_builder, first))["LeaderElection__Raft__Directory"]);
    }

    [Fact]
    public void WithRaftMember_TwiceOrTooMany_IsRefusedInOneLine()
    {
        var cluster = _builder.AddRaftCluster("raft");
        var first = _builder.AddExecutable("one", "true", ".").WithRaftMember(cluster);

        var twice = Assert.Throws<InvalidOperationException>(() => first.WithRaftMember(cluster));
        Assert.Equal("'one' is member m0 of 'raft' already.", twice.Message);
        AddMembers(cluster, 8);
        var tooMany = Assert.Throws<InvalidOperationException>(() => _builder.AddExecutable("ten", "true", ".").WithRaftMember(cluster));
        Assert.Equal("'raft' has 9 members, and cannot take in 'ten': a Raft cluster has 3 to 9.", tooMany.Message);
    }

    [Fact]
    public async Task Start_TooFewMembers_IsRefusedInOneLine()
    {
        AddMembers(_builder.AddRaftCluster("raft"), 2);

        Assert.Equal("'raft' has 2 members: a Raft cluster has 3 to 9.", await RefusalOfStartAsync());
    }

    [Fact]
    public async Task Start_AMemberOfSeveralReplicas_IsRefusedInOneLine()
    {
        var cluster = _builder.AddRaftCluster("raft");
        AddMembers(cluster, 2);
        _builder.AddProject<Projects.LeaderElection_Worker>("worker", launchProfileName: null).WithRaftMember(cluster).WithReplicas(2);

        Assert.Equal("'worker' has 2 replicas: a member of 'raft' is one process; add a resource for each.", await RefusalOfStartAsync());
    }

    [Fact]
    public async Task Published_MembersAreAtTheirOwnHosts_AndNoPathOfThisMachineIsTold()
    {
        var publishing = TestApplication.CreateBuilder("--operation", "publish", "--publisher", "manifest");
        var cluster = publishing.AddRaftCluster("raft");
        var member = publishing.AddProject<Projects.LeaderElection_Worker>("worker", launchProfileName: null).WithRaftMember(cluster).Resource;

        Assert.Equal(
            "m0={worker.bindings.raft.host}:{worker.bindings.raft.port};cluster=raft;secret={raft-secret.value}",
            cluster.Resource.ConnectionStringExpression.ValueExpression);
        var environment = await Composition.EnvironmentOfAsync(publishing, member);
        Assert.Equal("0.0.0.0:7000", environment["LeaderElection__Raft__Listen"]);
        Assert.DoesNotContain("LeaderElection__Raft__Directory", environment.Keys);
        Assert.Equal(7000, EndpointOf(member).TargetPort);
    }

    private async Task<string> RefusalOfStartAsync()
    {
        await using var app = _builder.Build();
        return (await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync())).Message;
    }

    private static EndpointAnnotation EndpointOf(IResource member) => Assert.Single(member.Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint.Name == "raft");

    private List<IResource> AddMembers(IResourceBuilder<RaftClusterResource> cluster, int count) =>
        [.. Enumerable.Range(0, count).Select(number => (IResource)_builder.AddExecutable($"member-{number}", "true", ".").WithRaftMember(cluster).Resource)];
}
