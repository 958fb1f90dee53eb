using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Tests.StandIns;

public class CompositionTests
{
    [Fact]
    public void WithHttpHealthCheck_WithoutEndpoint_Throws()
    {
        var project = TestApplication.CreateBuilder().AddProject<EchoProject>("echo", launchProfileName: null);

        var e = Assert.Throws<DistributedApplicationException>(() => project.WithHttpHealthCheck("/health"));

        Assert.Equal("Could not create HTTP health check for resource 'echo' as no endpoint was found matching one of the specified names: https, http", e.Message);
    }

    [Fact]
    public void AddResource_NameTakenInOtherCase_Throws()
    {
        var builder = TestApplication.CreateBuilder();
        builder.AddExecutable("one", "true", ".");

        Assert.Throws<DistributedApplicationException>(() => builder.AddExecutable("ONE", "true", "."));
    }

    [Fact]
    public void WithHttpEndpoint_Twice_ChangesTheFirst()
    {
        var project = TestApplication.CreateBuilder().AddProject<EchoProject>("echo", launchProfileName: null).WithHttpEndpoint(targetPort: 81).WithHttpEndpoint(port: 8081);

        var endpoint = Assert.Single(project.Resource.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal((8081, 81), (endpoint.Port, endpoint.TargetPort));
    }

    [Fact]
    public async Task ReferenceExpression_WithBraces_KeepsThem()
    {
        var expression = ReferenceExpression.Create($"{{a}}={"{b}"}");

        Assert.Equal("{a}={b}", await expression.GetValueAsync(CancellationToken.None));
    }
}
