using System.Runtime.CompilerServices;

namespace LeaderElection.Tests.Containers;

public sealed class ContainerImagesTests
{
    [Fact]
    public void Test_Containers_PullsTheImagesThatTheAppHostAsksFor() =>
        Assert.Contains($"for image in {string.Join(' ', ContainerFactAttribute.Images)}; do", File.ReadAllText(Script()), StringComparison.Ordinal);

    private static string Script([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "test"));
}
