using LeaderElection.FileSystem;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Conformance;

public sealed class FileStore : EntryStore
{
    private readonly TemporaryFolder _parent = new();

    public FileStore() => Directory.CreateDirectory(Folder);

    public string Folder => _parent.File("elections");

    public override Task StopAsync()
    {
        Directory.Move(Folder, _parent.File("unmounted"));
        return Task.CompletedTask;
    }

    public override Task StartAsync()
    {
        Directory.Move(_parent.File("unmounted"), Folder);
        return Task.CompletedTask;
    }

    public override Task DeleteEntryAsync(string election)
    {
        File.Delete(Path.Combine(Folder, election + ".lease"));
        return Task.CompletedTask;
    }

    public override async Task LoseLeasesAsync(Func<Task> noticed)
    {
        await StopAsync();
        await noticed();
        await StartAsync();
    }

    public override ValueTask DisposeAsync()
    {
        _parent.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override IElectionBackend Create(Action<LeaseOptions> configure)
    {
        var options = new FileElectionOptions { Directory = Folder };
        configure(options);
        return new FileElectionBackend(options, Log.For<FileElectionBackend>());
    }
}
