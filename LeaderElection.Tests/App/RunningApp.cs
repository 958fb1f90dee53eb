using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

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
        string[] args = ["--replicas", $"{Replicas}", "--lease-duration", "5s", "--data-dir", _data.FullName, "--stores", "native"];
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

    /// <summary>The resources whose replicas campaign in an election.</summary>
    internal IReadOnlyList<ProjectResource> CandidatesOf(string election) => [.. Application.Services.GetRequiredService<DistributedApplicationModel>().Resources
        .OfType<ProjectResource>()
        .Where(project => project.Annotations.OfType<ResourceRelationshipAnnotation>().Any(relation => relation.Type == "Parent" && relation.Resource.Name == election))];

    /// <summary>Waits until all replicas of an election are up and well.</summary>
    internal async Task<IReadOnlyCollection<string>> ReplicasAsync(string election, CancellationToken cancellationToken)
    {
        var replicas = new List<string>();
        foreach (var project in CandidatesOf(election))
        {
            var count = project.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
            replicas.AddRange((await Application.WaitForReplicasAsync(project.Name, count, cancellationToken)).Keys);
        }
        return replicas;
    }

    internal async Task<ElectionView> ElectionAsync(string name, CancellationToken cancellationToken)
    {
        var elections = await Board.GetFromJsonAsync<ElectionView[]>("/api/elections", cancellationToken) ?? [];
        return elections.SingleOrDefault(election => election.Name == name) ?? new(name, "", null, []);
    }
}
