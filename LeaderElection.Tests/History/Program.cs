using LeaderElection.Tests.Chaos;
using LeaderElection.Tests.Faults;
using LeaderElection.Tests.Load;
using LeaderElection.Tests.Races;
using LeaderElection.Tests.Raft;

namespace LeaderElection.Tests.History;

/// <summary>The test assembly as a program: a candidate of the fault tests, the raft simulator, its voters, or the chaos, load, soak and race runs.</summary>
internal static class Program
{
    /// <param name="args">What <see cref="CandidateArguments"/>, <see cref="Simulator"/>, <see cref="RaftVoters"/> or one of the commands takes.</param>
    public static async Task<int> Main(string[] args)
    {
        if (args is [ChaosCommand.Name, .. var options])
            return await ChaosCommand.MainAsync(options);
        if (args is [LoadCommand.Name, .. var load])
            return await LoadCommand.MainAsync(load);
        if (args is [SoakCommand.Name, .. var soak])
            return await SoakCommand.MainAsync(soak);
        if (args is [RacesCommand.Name, .. var races])
            return await RacesCommand.MainAsync(races);
        if (args is [ManyElections.Command, ..])
            return await ManyElections.MainAsync(args);
        if (args is ["simulate" or "replay", _, ..] and { Length: < 4 })
            return Simulator.Main(args);
        if (args is [Fuzz.Fuzzer.Command, ..])
            return await Fuzz.Fuzzer.MainAsync(args);
        if (args is [RaftVoters.Command, _, ..])
            return await RaftVoters.MainAsync(args);
        if (args is [StarvedLeader.Command, ..])
            return StarvedLeader.Main(args);
        if (args is [SuspensionTests.Command, ..])
            return SuspensionTests.Main(args);
        if (CandidateArguments.Parse(args) is not { } candidate)
        {
            Console.Error.WriteLine("This is the candidate of the fault tests; run the tests with ./test or 'dotnet test'.");
            return 2;
        }
        await new CandidateProcess(candidate).RunAsync();
        return 0;
    }
}
