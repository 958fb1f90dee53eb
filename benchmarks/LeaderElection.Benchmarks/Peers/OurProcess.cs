using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Peers;

/// <summary>This program, started again as what is measured.</summary>
internal static class OurProcess
{
    public static Contender Candidate(string strategy) =>
        new(Contender.Ours, seat => Start("candidate", strategy, seat, "--election", seat.Election));

    public static ChildProcess Start(string command, string strategy, Seat seat, params string[] more)
    {
        string[] arguments =
        [
            command, "--strategy", strategy, "--endpoints", seat.Endpoints, "--lease", seat.LeaseSeconds, "--id", seat.Id, "--state", seat.Folder, .. more,
        ];
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? ChildProcess.Start(program, [typeof(OurProcess).Assembly.Location, .. arguments], keepsInput: true)
            : ChildProcess.Start(program, arguments, keepsInput: true);
    }
}
