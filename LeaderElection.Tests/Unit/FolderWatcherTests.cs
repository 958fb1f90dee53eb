using LeaderElection.FileSystem;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Unit;

public sealed class FolderWatcherTests
{
    [Fact]
    public async Task Dispose_AfterTheFolderHasGone_IsQuiet()
    {
        var folder = Directory.CreateTempSubdirectory("leader-election-").FullName;
        var missed = false;
        var watcher = FolderWatcher.Start(folder, _ => { }, _ => { }, () => missed = true);
        Directory.Delete(folder);
        await Eventually.TrueAsync(() => missed && !watcher.IsWatching, "the watcher to end with its folder");
        watcher.Dispose();
        watcher.Dispose();
    }
}
