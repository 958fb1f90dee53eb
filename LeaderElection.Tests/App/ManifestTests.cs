using System.Text.Json.Nodes;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.App;

/// <summary>The application as it is published.</summary>
public sealed class ManifestTests : IDisposable
{
    // Paths in a manifest are relative to it: from a folder elsewhere they would lead through that of this repository.
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(
        Path.Combine(BuildOutput.Repository, "artifacts", $"manifest-{Guid.NewGuid():N}"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Publish_WritesAManifestOfContainersAndProjects_WithoutAPathOfThisMachine()
    {
        var file = Path.Combine(_folder.FullName, "manifest.json");
        await using var host = ChildProcess.StartProject(
            "LeaderElection.AppHost",
            ["--operation", "publish", "--publisher", "manifest", "--output-path", file],
            [],
            Path.GetDirectoryName(BuildOutput.Of("LeaderElection.AppHost")));
        Assert.True(await host.WaitForExitAsync(TestApplication.Patience) == 0, host.Describe());

        var text = await File.ReadAllTextAsync(file);
        var resources = JsonNode.Parse(text)!["resources"]!.AsObject();
        foreach (var store in new[] { "redis", "etcd", "zookeeper" })
            Assert.StartsWith("container.", Text(resources[store]!["type"]), StringComparison.Ordinal);
        foreach (var worker in new[] { "file-worker", "redis-worker", "etcd-worker", "zookeeper-worker", "raft-m0", "raft-m4" })
        {
            Assert.StartsWith("project.", Text(resources[worker]!["type"]), StringComparison.Ordinal);
            Assert.Contains(Text(resources[worker]!["env"]!["LeaderElection__Strategy"]), worker, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(resources, resource => Text(resource.Value!["type"]).Length == 0 || resource.Value["error"] is not null);
        Assert.Equal("{redis.connectionString}", Text(resources["redis-worker"]!["env"]!["ConnectionStrings__redis"]));
        Assert.Equal("{file-demo-folder.value}", Text(resources["file-worker"]!["env"]!["ConnectionStrings__file"]));
        Assert.Equal("{raft.connectionString}", Text(resources["raft-m2"]!["env"]!["ConnectionStrings__raft"]));
        Assert.Equal(
            "m0={raft-m0.bindings.raft.host}:{raft-m0.bindings.raft.port},m1={raft-m1.bindings.raft.host}:{raft-m1.bindings.raft.port},"
            + "m2={raft-m2.bindings.raft.host}:{raft-m2.bindings.raft.port},m3={raft-m3.bindings.raft.host}:{raft-m3.bindings.raft.port},"
            + "m4={raft-m4.bindings.raft.host}:{raft-m4.bindings.raft.port};cluster=raft;secret={raft-secret.value}",
            Text(resources["raft"]!["connectionString"]));

        // Elections are rows of the running application only; and nothing may point to this machine.
        Assert.DoesNotContain(resources, resource => resource.Key.EndsWith("-demo", StringComparison.Ordinal));
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        Assert.DoesNotContain(BuildOutput.Repository, text, StringComparison.Ordinal);
    }

    private static string Text(JsonNode? node) => (string?)node ?? "";
}
