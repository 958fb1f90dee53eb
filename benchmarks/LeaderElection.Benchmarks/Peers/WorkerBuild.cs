using LeaderElection.Benchmarks.Measures;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>An ordinary worker, built in one of the ways in which users build theirs.</summary>
/// <param name="Name"><c>jit</c>, <c>ready-to-run</c> or <c>native</c>.</param>
internal sealed record WorkerBuild(string Name, string Program)
{
    private const string Project = "LeaderElection.OrdinaryWorker";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<string> Names { get; } = ["jit", "ready-to-run", "native"];

    /// <summary>Publishes it; what has not changed since it was published is not compiled again.</summary>
    /// <exception cref="MeasureException">That failed.</exception>
    public static async Task<WorkerBuild> PublishAsync(string name)
    {
        var repository = RepositoryFolder.Find() ?? throw new MeasureException("the sources of the worker are not there: run this tool from the repository");
        var folder = Path.Combine(repository, "artifacts", "ordinary-worker", name);
        string[] how = name switch
        {
            "native" => ["--use-current-runtime", "-p:PublishAot=true"],
            "ready-to-run" => ["--use-current-runtime", "--no-self-contained", "-p:PublishReadyToRun=true"],
            _ => ["--use-current-runtime", "--no-self-contained"],
        };
        await using var publish = ChildProcess.Start(
            "dotnet", ["publish", Path.Combine(repository, "benchmarks", Project), "-c", "Release", "-v", "quiet", "-nologo", "-o", folder, .. how]);
        if (await publish.WaitForExitAsync(Limit) != 0)
            throw new MeasureException($"the worker cannot be published {name}: {string.Join(' ', publish.StandardOutput.Take(3))}");
        return new WorkerBuild(name, Path.Combine(folder, Project));
    }

    /// <summary>Its size on disk, with all that is published with it, in MB.</summary>
    public double Megabytes => new DirectoryInfo(Path.GetDirectoryName(Program)!).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.Extension is not (".pdb" or ".dbg" or ".xml")).Sum(file => file.Length) / 1048576.0;

    public Contender Contender(string strategy) => new($"{Peers.Contender.Ours} ({Name})", seat => Start(strategy, seat)) { IsOurs = true };

    private ChildProcess Start(string strategy, Seat seat)
    {
        List<string> settings =
        [
            $"--LeaderElection:Strategy={strategy}", $"--LeaderElection:Election={seat.Election}", $"--LeaderElection:Candidate={seat.Id}",
            FormattableString.Invariant($"--LeaderElection:LeaseDuration={seat.Lease.TotalMilliseconds:0}ms"),
        ];
        if (strategy == "raft")
        {
            settings.Add($"--ConnectionStrings:raft={seat.Endpoints};cluster={seat.Election};secret=for-measurements-only");
            settings.Add($"--LeaderElection:Raft:Member={seat.Id}");
            settings.Add($"--LeaderElection:Raft:Directory={Path.Combine(seat.Folder, seat.Election, seat.Id)}");
        }
        else
        {
            settings.Add($"--ConnectionStrings:{strategy}={seat.Endpoints}");
        }
        return ChildProcess.Start(Program, settings, keepsInput: true);
    }
}
