using System.CommandLine;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>One process that holds an election, so that its connection and lease are up, and then wins a new one for each line that it reads.</summary>
internal static class AcquireCommand
{
    private const int ThrownAway = 10;

    public static Command Create()
    {
        var command = new Command("acquirer", "Wins a new election for each line on standard input, and prints how many nanoseconds that took.");
        var store = new StoreOptions(command);
        command.SetAction((parsed, stop) => RunAsync(store.CreateBackend(parsed, "acquirer"), store.Id(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(IElectionBackend backend, string id, CancellationToken stop)
    {
        await using var closing = backend;
        if (!await FirstContact.MadeAsync(backend, stop))
            return 1;
        await using var kept = backend.CreateElection("acquire-kept", id);
        await kept.CampaignAsync(stop);
        var count = 0;
        while (count < ThrownAway)
            await AcquireAsync(backend, $"acquire-{count++}", id, stop);
        Protocol.Say("READY");
        while (await Console.In.ReadLineAsync(stop) is { } line && line.Trim() != "quit")
            Protocol.Say("ACQUIRED", (long)(await AcquireAsync(backend, $"acquire-{count++}", id, stop)).TotalNanoseconds);
        return 0;
    }

    private static async Task<TimeSpan> AcquireAsync(IElectionBackend backend, string name, string id, CancellationToken stop)
    {
        await using var election = backend.CreateElection(name, id);
        var start = TimeProvider.System.GetTimestamp();
        await using var leadership = await election.CampaignAsync(stop);
        return TimeProvider.System.GetElapsedTime(start);
    }
}
