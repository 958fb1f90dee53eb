using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;

namespace LeaderElection.Tests.Hosting;

public sealed class EtcdResourceTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApplication.CreateBuilder();

    [Fact]
    public async Task AddEtcd_IsOneContainerOfAPinnedImage()
    {
        var etcd = _builder.AddEtcd("etcd", port: 2379).Resource;

        Assert.Matches(@"^quay\.io/coreos/etcd:v3\.6\.\d+$", Composition.ImageOf(etcd));
        Assert.Equal([etcd], etcd.Members);
        var endpoint = Assert.Single(etcd.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal(("http", "http", 2379, 2379), (endpoint.Name, endpoint.UriScheme, endpoint.Port, endpoint.TargetPort));
        Assert.Single(etcd.Annotations.OfType<HealthCheckAnnotation>());
        // The image has no entry point: its own command would be replaced by the arguments.
        Assert.Equal("/usr/local/bin/etcd", etcd.Entrypoint);
        Assert.Equal("etcd=http://etcd:2380", (await Composition.OptionsOfAsync(etcd))["--initial-cluster"]);
    }

    [Fact]
    public async Task ConnectionString_ListsTheMembersUrls()
    {
        var one = _builder.AddEtcd("one").Resource;
        var three = _builder.AddEtcd("etcd").WithMembers(3).Resource;
        Composition.Allocate(one.Members);
        Composition.Allocate(three.Members);

        Assert.Equal("{one.bindings.http.url}", one.ConnectionStringExpression.ValueExpression);
        Assert.Equal("http://localhost:5001", await one.ConnectionStringExpression.GetValueAsync(CancellationToken.None));
        Assert.Equal("{etcd.bindings.http.url},{etcd-2.bindings.http.url},{etcd-3.bindings.http.url}", three.ConnectionStringExpression.ValueExpression);
        Assert.Equal("http://localhost:5001,http://localhost:5002,http://localhost:5003", await three.ConnectionStringExpression.GetValueAsync(CancellationToken.None));
    }

    [Fact]
    public async Task WithMembers_Three_AreContainersThatFindEachOtherByName()
    {
        var etcd = _builder.AddEtcd("etcd", port: 2379).WithMembers(3).WithImageTag("v9").Resource;

        Assert.Equal(["etcd", "etcd-2", "etcd-3"], etcd.Members.Select(member => member.Name));
        Assert.All(etcd.Members, member => Assert.Contains(member, _builder.Resources));
        Assert.All(etcd.Members.Skip(1), member => Assert.Same(etcd, Composition.ParentOf(member)));
        Assert.All(etcd.Members, member => Assert.Equal("quay.io/coreos/etcd:v9", Composition.ImageOf(member)));
        Assert.All(etcd.Members, member => Assert.Single(member.Annotations.OfType<HealthCheckAnnotation>()));
        Assert.All(etcd.Members.Skip(1), member => Assert.Null(member.Annotations.OfType<EndpointAnnotation>().Single().Port));
        foreach (var member in etcd.Members)
        {
            var options = await Composition.OptionsOfAsync(member);
            Assert.Equal(member.Name, options["--name"]);
            Assert.Equal($"http://{member.Name}:2380", options["--initial-advertise-peer-urls"]);
            Assert.Equal($"http://{member.Name}:2379", options["--advertise-client-urls"]);
            Assert.Equal("etcd=http://etcd:2380,etcd-2=http://etcd-2:2380,etcd-3=http://etcd-3:2380", options["--initial-cluster"]);
            Assert.Equal("etcd", options["--initial-cluster-token"]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(9)]
    public void WithMembers_NoQuorumWorthTheName_IsRefusedInOneLine(int count)
    {
        var etcd = _builder.AddEtcd("etcd");

        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => etcd.WithMembers(count));

        Assert.Equal($"'etcd' cannot have {count} members: a quorum is had with 1, 3, 5 or 7. (Parameter 'count')", refusal.Message);
        Assert.Single(etcd.Resource.Members);
    }

    [Fact]
    public void WithMembers_Twice_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => _builder.AddEtcd("etcd").WithMembers(3).WithMembers(5));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WithDataVolume_BeforeOrAfterTheMembers_IsOneForEach(bool before)
    {
        var etcd = _builder.AddEtcd("etcd");
        if (before)
            etcd.WithDataVolume("mine").WithMembers(3);
        else
            etcd.WithMembers(3).WithDataVolume("mine");

        var mounts = etcd.Resource.Members.Select(Composition.MountOf).ToList();
        Assert.Equal(["mine-1-of-3", "mine-2-of-3", "mine-3-of-3"], mounts.Select(mount => mount.Source));
        Assert.All(mounts, mount => Assert.Equal(("/var/lib/etcd", ContainerMountType.Volume), (mount.Target, mount.Type)));
    }

    [Fact]
    public void WithDataVolume_WithoutName_IsNamedAfterTheMember()
    {
        var etcd = _builder.AddEtcd("etcd").WithMembers(3).WithDataVolume().Resource;

        var names = etcd.Members.Select(member => Composition.MountOf(member).Source!).ToList();
        Assert.EndsWith("-etcd-data-of-3", names[0], StringComparison.Ordinal);
        Assert.EndsWith("-etcd-3-data-of-3", names[2], StringComparison.Ordinal);
        Assert.Equal(3, names.Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("mine")]
    public void WithDataVolume_AnotherNumberOfMembers_SharesNoVolume(string? name)
    {
        var volumes = new List<string>();
        foreach (var count in (int[])[1, 3, 5])
        {
            var etcd = TestApplication.CreateBuilder().AddEtcd("etcd").WithDataVolume(name).WithMembers(count).Resource;
            volumes.AddRange(etcd.Members.Select(member => Composition.MountOf(member).Source!));
        }

        Assert.Equal(9, volumes.Distinct().Count());
    }

    [Fact]
    public void WithDataBindMount_IsAFolderForEach()
    {
        var folder = Path.Combine(Path.GetTempPath(), "etcd-data");
        var etcd = _builder.AddEtcd("etcd").WithDataBindMount(folder).WithMembers(3).Resource;

        var mounts = etcd.Members.Select(Composition.MountOf).ToList();
        Assert.Equal([folder + "-1-of-3", folder + "-2-of-3", folder + "-3-of-3"], mounts.Select(mount => mount.Source));
        Assert.All(mounts, mount => Assert.Equal(ContainerMountType.BindMount, mount.Type));
    }
}
