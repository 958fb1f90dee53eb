using LeaderElection.Tests.Chaos;
using LeaderElection.Tests.Raft;

namespace LeaderElection.Tests.History;

/// <summary>The test assembly as a program: a candidate of the fault tests, the raft simulator, its voters, or the chaos runs.</summary>
internal static class Program
{
    /// <param name="args">What <see cref="CandidateArguments"/>, <see cref="Simulator"/>, <see cref="RaftVoters"/> or <see cref="ChaosCommand"/> takes.</param>
    public static async Task<int> Main(string[] args)
    {
        if (args is [ChaosCommand.Name, .. var options])
            return await ChaosCommand.Main(options);
        if (args is ["simulate" or "replay", _, ..] and { Length: < 4 })
            return Simulator.Main(args);
        if (args is [Fuzz.Fuzzer.Command, ..])
            return await Fuzz.Fuzzer.Main(args);
        if (args is [RaftVoters.Command, _, ..])
            return await RaftVoters.Main(args);
        if (CandidateArguments.Parse(args) is not { } candidate)
        {
            Console.Error.WriteLine("This is the candidate of the fault tests; run the tests with ./test or 'dotnet test'.");
            return 2;
        }
        await new CandidateProcess(candidate).RunAsync();
        return 0;
    }
}
