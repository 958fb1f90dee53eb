using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using LeaderElection.AppHost;
using LeaderElection.Tests.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace LeaderElection.Tests.App;

/// <summary>AppHosts of one project that run at the same time.</summary>
public sealed class SideBySideTests : IDisposable
{
    private readonly TemporaryFolder _project = new();

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task KeepApart_EachHasAFolderOfItsOwn_AndTheFirstIsFreeAgainAfterIt()
    {
        var (first, firstOptions) = Create();
        var (second, secondOptions) = Create();
        await using var firstApp = first.Build();
        await using var secondApp = second.Build();

        Assert.Equal((Path.Combine(_project.Path, "data"), null), (firstOptions.DataDirectory, firstOptions.Volume("etcd")));
        Assert.Equal(Path.Combine(_project.Path, "data-2"), secondOptions.DataDirectory);
        Assert.Equal((null, "true"), (first.Configuration["DcpPublisher:RandomizePorts"], second.Configuration["DcpPublisher:RandomizePorts"]));
        Assert.Matches("^leader-election-[0-9a-f]{10}-2-etcd$", secondOptions.Volume("etcd"));

        // The host makes its services when it starts, and then ends them.
        Assert.NotEmpty(firstApp.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>());
        await firstApp.DisposeAsync();
        Assert.Equal(firstOptions.DataDirectory, Create().Options.DataDirectory);
    }

    [Fact]
    public void KeepApart_TheFolderThatWasGivenIsTaken_IsRefusedInOneLine()
    {
        var folder = Path.Combine(_project.Path, "mine");
        Create("--data-dir", folder);

        var refusal = Assert.Throws<FormatException>(() => Create("--data-dir", folder));

        Assert.Equal($"--data-dir: {folder} is used by another AppHost that runs", refusal.Message);
    }

    [Fact]
    public void KeepApart_PortsThatAreTaken_AreLeftToAspire()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (builder, options) = Create("--board-port", $"{port}", $"--ASPNETCORE_URLS=http://localhost:{port}");

        Assert.Null(options.BoardPort);
        Assert.Equal("true", builder.Configuration["DcpPublisher:RandomizePorts"]);
    }

    [Fact]
    public void KeepApart_Published_TouchesNothing()
    {
        var (_, options) = Create("--operation", "publish", "--publisher", "manifest");

        Assert.Null(options.DataDirectory);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_project.Path));
    }

    private (IDistributedApplicationBuilder Builder, AppHostOptions Options) Create(params string[] args)
    {
        string[] settings = args.Any(arg => arg.Contains("ASPNETCORE_URLS", StringComparison.Ordinal)) ? args[..^1] : args;
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = [.. CommandLine.ToAspire(settings), .. args[settings.Length..]],
            AssemblyName = typeof(Projects.LeaderElection_AppHost).Assembly.GetName().Name,
            ProjectDirectory = _project.Path,
            DisableDashboard = true,
        });
        return (builder, builder.KeepApart(AppHostOptions.Read(builder.Configuration)));
    }
}
