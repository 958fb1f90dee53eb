using System.Threading.Channels;
using LeaderElection.Benchmarks.Candidates;
using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>A candidate's process: how long from its start until it campaigns, and what memory it takes.</summary>
internal static class Startup
{
    public static Task RunAsync(Run run) => run.EachStrategyAsync("start", store => MeasureAsync(run, store));

    private static async Task MeasureAsync(Run run, Store store)
    {
        var where = run.Where(store.Strategy);
        var contenders = run.Contenders(store.Strategy);
        var times = contenders.ToDictionary(c => c.Name, _ => new List<double>());
        var sizes = contenders.ToDictionary(c => c.Name, _ => new List<double>());
        // A member of a raft cluster campaigns once it has a majority: the others are there before it.
        var seats = store.Seats("start", store.Strategy == "raft" ? 3 : 1, run.Lease(store.Strategy));
        var others = seats.Skip(1).Select(seat => OurProcess.Start("hold", store.Strategy, seat, "--elections", "0", "--on-demand")).ToArray();
        try
        {
            await Task.WhenAll(others.Select(o => o.WaitForLineAsync("READY")));
            for (var round = 0; round < (run.Settings.Rounds ?? 10); round++)
            {
                foreach (var contender in contenders)
                {
                    // An election of its own each time, which it wins.
                    var seat = store.Another(seats[0]) with { Election = store.Strategy == "raft" ? "start" : $"start-{round}-{contender.Name.Replace(' ', '-')}" };
                    var events = Channel.CreateUnbounded<CandidateEvent>();
                    var at = Protocol.Now;
                    await using var candidate = new MeasuredCandidate(contender.Start(seat), seat, events.Writer);
                    await candidate.Ready.WaitAsync(Eventually.Limit, TimeProvider.System, run.Stop);
                    var ready = await events.Reader.ReadAsync(run.Stop);
                    times[contender.Name].Add((ready.At - at) / 1e6);
                    await ProcessFigures.RestsAsync(candidate.Process, store, TimeSpan.FromSeconds(2), run.Stop);
                    sizes[contender.Name].Add(ProcessFigures.Memory(candidate.Process).WorkingSetMb);
                }
            }
        }
        finally
        {
            foreach (var other in others)
                await other.DisposeAsync();
        }
        foreach (var (name, values) in times)
            run.Report.Add(new Series("start to campaigning", where, name, "ms", values));
        foreach (var (name, values) in sizes)
            run.Report.Add(new Series("candidate, working set", where, name, "MB", values));
    }
}
