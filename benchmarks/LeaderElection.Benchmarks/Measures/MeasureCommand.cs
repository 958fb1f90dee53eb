using System.CommandLine;
using LeaderElection.Benchmarks.Peers;
using LeaderElection.Benchmarks.Reports;
using LeaderElection.Benchmarks.Stores;

namespace LeaderElection.Benchmarks.Measures;

/// <summary>A command that measures, with the options that all of them have.</summary>
internal static class MeasureCommand
{
    public static Command Create(string name, string description, Func<Run, Task> measureAsync, bool isBrief = false)
    {
        var command = new Command(name, description);
        var strategies = new Option<string>("--strategies") { DefaultValueFactory = _ => string.Join(',', StoreCatalog.Strategies), Description = "of file, redis, etcd, zookeeper, raft; all by default" };
        strategies.Validators.Add(OneOf("--strategies", StoreCatalog.Strategies));
        var endpoints = new Option<string[]>("--endpoints") { Description = "a store that runs already, as STRATEGY=HOST:PORT,…; may be given for redis, etcd and zookeeper" };
        endpoints.Validators.Add(result =>
        {
            foreach (var value in result.Tokens.Select(t => t.Value))
            {
                if (value.Split('=', 2) is not ["redis" or "etcd" or "zookeeper", { Length: > 0 }])
                    result.AddError($"--endpoints is '{value}'; it must look like redis=127.0.0.1:6379, for redis, etcd or zookeeper");
            }
        });
        var rounds = new Option<int?>("--rounds") { Description = "how many of each; by default what suits the command" };
        rounds.Validators.Add(Range(rounds, 1, 10_000));
        var lease = new Option<double?>("--lease") { Description = "lease or session in seconds, on raft the least election timeout; by default 5, on raft 0.15" };
        lease.Validators.Add(Range(lease, 0.05, 3600));
        var members = new Option<int>("--members") { DefaultValueFactory = _ => 1, Description = "servers of etcd and ZooKeeper: 1 or 3" };
        members.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() is not (1 or 3))
                result.AddError("--members must be 1 or 3");
        });
        var flushes = new Option<bool>("--redis-aof") { Description = "Redis flushes each write to disk (appendfsync always); by default it keeps nothing" };
        var elections = new Option<int?>("--elections") { Description = "how many elections one process holds: by default 1000 in acquire and idle, up to 10000 in scale" };
        elections.Validators.Add(Range(elections, 1, 100_000));
        var builds = new Option<string>("--builds") { DefaultValueFactory = _ => string.Join(',', WorkerBuild.Names), Description = "of jit, ready-to-run, native: in which ways the worker of first is built; all by default" };
        builds.Validators.Add(OneOf("--builds", WorkerBuild.Names));
        var idle = new Option<double>("--idle") { DefaultValueFactory = _ => 30, Description = "for how many seconds processes wait for their first take-over, in first" };
        idle.Validators.Add(Range(idle, 0, 3600));
        var peers = new Option<bool>("--peers") { Description = "measures the peers too, in turn, on the same servers" };
        var peersDir = new Option<string?>("--peers-dir") { Description = "where the peers are; by default ../shared/peers next to the repository" };
        var json = new Option<string?>("--json") { Description = "a file for all values" };
        var picture = new Option<string?>("--svg") { Description = "a file for a picture of the curves, of scale" };
        foreach (var option in new Option[] { strategies, endpoints, rounds, lease, members, flushes, elections, builds, idle, peers, peersDir, json, picture })
            command.Options.Add(option);
        command.SetAction(async (parsed, stop) =>
        {
            var chosen = parsed.GetRequiredValue(strategies).Split(',').Distinct().ToArray();
            var settings = new RunSettings(
                chosen, (parsed.GetValue(endpoints) ?? []).ToDictionary(e => e.Split('=', 2)[0], e => e.Split('=', 2)[1]), parsed.GetValue(rounds),
                parsed.GetValue(lease) is { } seconds ? TimeSpan.FromSeconds(seconds) : null, parsed.GetValue(members), parsed.GetValue(flushes))
            {
                Builds = [.. parsed.GetRequiredValue(builds).Split(',').Distinct()],
                Idle = TimeSpan.FromSeconds(parsed.GetValue(idle)),
                Elections = parsed.GetValue(elections),
                IsBrief = isBrief,
                Picture = parsed.GetValue(picture),
            };
            var folder = parsed.GetValue(peers) || parsed.GetValue(peersDir) is not null ? PeerFolder.Find(parsed.GetValue(peersDir)) : null;
            return await RunAsync(settings, folder, parsed.GetValue(json), string.Join(' ', parsed.Tokens.Select(t => t.Value)), measureAsync, stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        RunSettings settings, PeerFolder? peers, string? json, string commandLine, Func<Run, Task> measureAsync, CancellationToken stop)
    {
        var machine = Machine.Look();
        var report = new Report(Console.Out);
        report.Say(machine.ToString());
        if (peers is not null)
            report.Say($"peers: {await PeerVersions.TextAsync()}");
        var run = new Run(settings, peers, report, stop);
        try
        {
            await measureAsync(run);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Whatever failed failed because everything was ended.
            report.Note("Interrupted: what follows is what was measured until then.");
        }
        report.WriteTable();
        report.Say($"load {machine.LoadAtStart} at the start, {Machine.Load()} at the end");
        if (json is not null)
            await report.WriteJsonAsync(json, commandLine, machine);
        return run.HasFailed || stop.IsCancellationRequested ? 1 : 0;
    }

    private static Action<System.CommandLine.Parsing.OptionResult> OneOf(string option, IReadOnlyList<string> allowed) => result =>
    {
        if (result.GetValueOrDefault<string>()!.Split(',').Except(allowed).ToArray() is [var unknown, ..])
            result.AddError($"{option} has '{unknown}'; allowed are {string.Join(", ", allowed)}");
    };

    private static Action<System.CommandLine.Parsing.OptionResult> Range<T>(Option<T> option, double least, double most) => result =>
    {
        if (!result.Implicit && !(double.TryParse(result.Tokens is [var token] ? token.Value : "", System.Globalization.CultureInfo.InvariantCulture, out var value) && value >= least && value <= most))
            result.AddError(FormattableString.Invariant($"{option.Name} must be a number from {least} to {most}"));
    };
}
