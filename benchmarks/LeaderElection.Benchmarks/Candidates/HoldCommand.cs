using System.CommandLine;

namespace LeaderElection.Benchmarks.Candidates;

/// <summary>Many elections in one process: how long it takes to win them all, and what it costs to hold them.</summary>
internal static class HoldCommand
{
    public static Command Create()
    {
        var command = new Command("hold", "Campaigns in many elections at once, prints when all are won, and holds them until standard input ends.");
        var store = new StoreOptions(command);
        var count = new Option<int>("--elections") { DefaultValueFactory = _ => 1000, Description = "how many" };
        command.Options.Add(count);
        command.SetAction((parsed, stop) => RunAsync(store.CreateBackend(parsed, "hold"), parsed.GetValue(count), store.Id(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(IElectionBackend backend, int count, string id, CancellationToken stop)
    {
        var time = TimeProvider.System;
        await using var closing = backend;
        if (!await FirstContact.MadeAsync(backend, stop))
            return 1;
        var elections = Enumerable.Range(0, count).Select(i => backend.CreateElection($"hold-{i}", id)).ToArray();
        Console.WriteLine("READY");
        var start = time.GetTimestamp();
        long? first = null;
        var campaigns = elections.Select(async election =>
        {
            var leadership = await election.CampaignAsync(stop);
            first ??= time.GetTimestamp();
            return leadership;
        }).ToArray();
        var leaderships = await Task.WhenAll(campaigns);
        Console.WriteLine(FormattableString.Invariant(
            $"ALL {count} elections: {time.GetElapsedTime(start).TotalMilliseconds:0.0} ms since the start, {time.GetElapsedTime(first!.Value).TotalMilliseconds:0.0} ms from first to last, {Environment.WorkingSet / 1048576.0:0.0} MB"));
        await Console.In.ReadToEndAsync(stop);
        Console.WriteLine($"{leaderships.Count(l => l.IsValid)} still held");
        return 0;
    }
}
