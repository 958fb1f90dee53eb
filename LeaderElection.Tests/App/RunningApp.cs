using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using LeaderElection.Tests.StandIns;

namespace LeaderElection.Tests.App;

/// The whole application with all strategies, on data of its own.
public sealed class RunningApp : IAsyncLifetime
{
    public const int Replicas = 3;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("leader-election-");

    public DistributedApplication Application { get; private set; } = null!;

    public HttpClient Board { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(TestApplication.Patience, TimeProvider.System);
        // Long enough that a busy machine does not take leadership away from a replica that is well.
        string[] args = ["--replicas", $"{Replicas}", "--lease-duration", "5s", "--data-dir", _data.FullName];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.LeaderElection_AppHost>(args, timeout.Token);
        Application = await builder.BuildAsync(timeout.Token);
        await Application.StartAsync(timeout.Token);
        Board = Application.CreateHttpClient("board");
    }

    public async Task DisposeAsync()
    {
        Board?.Dispose();
        if (Application is not null)
            await Application.DisposeAsync();

        _data.Delete(recursive: true);
    }

    internal async Task<ElectionView> ElectionAsync(string name, CancellationToken cancellationToken)
    {
        var elections = await Board.GetFromJsonAsync<ElectionView[]>("/api/elections", cancellationToken) ?? [];
        return elections.SingleOrDefault(election => election.Name == name) ?? new(name, "", null, []);
    }
}
