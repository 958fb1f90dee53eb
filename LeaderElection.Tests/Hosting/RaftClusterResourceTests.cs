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
        var cluster = _builder.AddRaftCluster("raft").Resource;

        var connectionString = await cluster.ConnectionStringExpression.GetValueAsync(CancellationToken.None);
        var members = Regex.Match(connectionString!, $@"^(?:(m\d)=127\.0\.0\.1:(\d+),?){{5}};cluster=raft;secret={Secret}$");

        Assert.True(members.Success, connectionString);
        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], members.Groups[1].Captures.Select(capture => capture.Value));
        Assert.Equal(cluster.Members, members.Groups[1].Captures.Select(capture => capture.Value));
        Assert.Equal(5, members.Groups[2].Captures.Select(capture => capture.Value).Distinct().Count());
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
        var cluster = _builder.AddRaftCluster("raft", members: 3, dataDirectory: folder);

        var member = _builder.AddExecutable("second", "true", ".").WithRaftMember(cluster, 1).Resource;

        var environment = await Composition.EnvironmentOfAsync(_builder, member);
        Assert.Equal("m1", environment["LeaderElection__Raft__Member"]);
        Assert.Equal(Path.Combine(folder, "m1"), environment["LeaderElection__Raft__Directory"]);
        Assert.Contains("ConnectionStrings__raft", environment.Keys);
        Assert.Contains(member.Annotations.OfType<ResourceRelationshipAnnotation>(), relation => relation.Type == "Reference" && relation.Resource == cluster.Resource);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    public void AddRaftCluster_NotThreeToNineMembers_IsRefusedInOneLine(int members)
    {
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => _builder.AddRaftCluster("raft", members));

        Assert.Equal($"'raft' cannot have {members} members: a Raft cluster has 3 to 9. (Parameter 'members')", refusal.Message);
        Assert.Empty(_builder.Resources.OfType<RaftClusterResource>());
    }

    [Fact]
    public void WithRaftMember_NoSuchMemberOrTakenAlready_IsRefused()
    {
        var cluster = _builder.AddRaftCluster("raft", members: 3);
        var process = _builder.AddExecutable("one", "true", ".").WithRaftMember(cluster, 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => process.WithRaftMember(cluster, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => process.WithRaftMember(cluster, -1));
        var taken = Assert.Throws<InvalidOperationException>(() => _builder.AddExecutable("two", "true", ".").WithRaftMember(cluster, 2));
        Assert.Equal("Member m2 of 'raft' is 'one' already.", taken.Message);
    }

    [Fact]
    public void AddRaftCluster_Published_IsRefusedInOneLine()
    {
        var publishing = TestApplication.CreateBuilder("--operation", "publish", "--publisher", "manifest");
        Assert.True(publishing.ExecutionContext.IsPublishMode);

        var refusal = Assert.Throws<DistributedApplicationException>(() => publishing.AddRaftCluster("raft"));

        Assert.Equal("'raft' cannot be published: its members are at addresses of this machine. Add it when the application is run only.", refusal.Message);
    }
}
