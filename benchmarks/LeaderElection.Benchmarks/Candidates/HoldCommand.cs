using System.CommandLine;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>
/// Many elections in one process. Prints <c>READY</c>; when all are won, the moments <c>FIRST</c> and <c>LAST</c> and a line
/// in words. Obeys <c>campaign</c>, <c>release</c>, <c>memory</c>, <c>quit</c>, and for its first election alone <c>resign</c> and
/// <c>rejoin</c>, which it answers as a candidate does.
/// </summary>
internal static class HoldCommand
{
    public static Command Create()
    {
        var command = new Command("hold", "Campaigns in many elections at once, prints when all are won, and holds them until standard input ends.");
        var store = new StoreOptions(command);
        var count = new Option<int>("--elections") { DefaultValueFactory = _ => 1000, Description = "how many" };
        var waits = new Option<bool>("--on-demand") { Description = "campaigns when it reads campaign, not at once" };
        command.Options.Add(count);
        command.Options.Add(waits);
        command.SetAction((parsed, stop) => RunAsync(
            store.CreateBackend(parsed, "hold"), parsed.GetValue(count), store.Id(parsed), parsed.GetValue(waits), stop));
        return command;
    }

    private static async Task<int> RunAsync(IElectionBackend backend, int count, string id, bool isOnDemand, CancellationToken stop)
    {
        await using var closing = backend;
        if (!await FirstContact.MadeAsync(backend, stop))
            return 1;
        var held = new HeldElections(backend, count, id);
        Protocol.Say("READY");
        var all = isOnDemand ? null : held.CampaignAsync(stop);
        while (await Console.In.ReadLineAsync(stop) is { } line && line.Trim() is not "quit" and var word)
        {
            switch (word)
            {
                case "campaign":
                    all ??= held.CampaignAsync(stop);
                    break;
                case "release":
                    await held.ReleaseAsync();
                    all = null;
                    Protocol.Say("RELEASED");
                    break;
                case "memory":
                    Protocol.Line(Memory());
                    break;
                case "resign":
                    await held.ResignFirstAsync(stop);
                    break;
                case "rejoin":
                    _ = held.CampaignInFirstAsync(stop);
                    break;
            }
            if (all is { IsFaulted: true })
                await all;
        }
        Protocol.Line($"{held.Valid} still held");
        return 0;
    }

    /// <summary>What is left after a collection: <c>MEMORY heap working-set threads</c>, in bytes.</summary>
    private static string Memory()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return $"MEMORY {heap} {Environment.WorkingSet} {self.Threads.Count}";
    }
}
