using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Tests.App;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.Hosting;

public class BuildOutputTests
{
    [Fact]
    public async Task Project_IsStartedFromItsBuildOutput_BeforeItsOwnArguments()
    {
        var (project, arguments) = await StartedAsync();

        var executable = Assert.Single(project.Annotations.OfType<ExecutableAnnotation>());
        Assert.Equal("dotnet", executable.Command);
        Assert.Equal(Path.GetDirectoryName(new Projects.LeaderElection_Worker().ProjectPath), executable.WorkingDirectory);
        Assert.Collection(
            arguments,
            argument => Assert.Equal("exec", argument),
            argument =>
            {
                Assert.True(File.Exists(Path.Combine(executable.WorkingDirectory, (string)argument)), $"{argument} is not there");
                Assert.StartsWith("bin", (string)argument, StringComparison.Ordinal);
                Assert.EndsWith("LeaderElection.Worker.dll", (string)argument, StringComparison.Ordinal);
            },
            argument => Assert.Equal("--own", argument));
    }

    [Fact]
    public async Task Replicas_ShareTheMachine_EachWithTheWorkstationsCollector()
    {
        var (project, arguments) = await StartedAsync();
        var folder = Path.GetDirectoryName(project.GetProjectMetadata().ProjectPath)!;
        var settings = Path.ChangeExtension(Path.Combine(folder, (string)arguments[1]), ".runtimeconfig.json");

        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(settings));
        var properties = json.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");
        Assert.False(properties.GetProperty("System.GC.Server").GetBoolean());
        Assert.False(properties.GetProperty("System.GC.Concurrent").GetBoolean());
    }

    [Theory]
    [InlineData("--DEBUG_SESSION_PORT=1234")]
    [InlineData("--DOTNET_WATCH=true")]
    [InlineData("--operation=publish")]
    public async Task Project_ThatAnIdeOrWatchStarts_OrThatIsPublished_IsLeftAlone(string argument)
    {
        var (project, arguments) = await StartedAsync(argument);

        Assert.Empty(project.Annotations.OfType<ExecutableAnnotation>());
        Assert.Equal(["--own"], arguments);
    }

    private static async Task<(ProjectResource Project, IList<object> Arguments)> StartedAsync(params string[] args)
    {
        var builder = TestApplication.CreateBuilder(args: args);
        var project = builder.StartProjectsFromBuildOutput().AddProject<Projects.LeaderElection_Worker>("worker", launchProfileName: null).WithArgs("--own").Resource;
        await using var app = builder.Build();
        await builder.Eventing.PublishAsync(new BeforeStartEvent(app.Services, app.Services.GetRequiredService<DistributedApplicationModel>()));

        var arguments = new List<object>();
        foreach (var callback in project.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
            await callback.Callback(new(arguments, project));
        return (project, arguments);
    }
}
