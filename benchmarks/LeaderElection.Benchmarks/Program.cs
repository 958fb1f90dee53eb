using System.CommandLine;
using LeaderElection.Benchmarks.Candidates;
using LeaderElection.Benchmarks.Measures;
using LeaderElection.Benchmarks.Micro;
using LeaderElection.Tests.Processes;

var root = new RootCommand("Measures leader election. Candidates are processes of their own, driven over standard input and output.")
{
    MeasureCommand.Create("first", "The first take-over of a process that has waited for it: ordinary workers, just-in-time, ready-to-run and native.", FirstTime.RunAsync),
    MeasureCommand.Create("handover", "The leader resigns: how long until another leads.", FailOver.HandOverAsync),
    MeasureCommand.Create("crash", "The leader is killed (SIGKILL): how long until another leads.", FailOver.CrashAsync),
    MeasureCommand.Create("freeze", "The leader is frozen (SIGSTOP): how long until another leads.", FailOver.FreezeAsync),
    MeasureCommand.Create("acquire", "Nobody contends: how long to win one election in a warm process, and 1,000 at once.", Acquisition.RunAsync),
    MeasureCommand.Create("start", "A candidate's process: how long from its start until it campaigns, and its working set.", Startup.RunAsync),
    MeasureCommand.Create("idle", "One process leads in 1,000 elections, another follows: requests, processor, memory, threads.", Idle.RunAsync),
    MeasureCommand.Create("scale", "1 to 10,000 elections in one process, 3 to 50 candidates in one election.", Scale.RunAsync),
    MeasureCommand.Create("all", "All of these, with fewer rounds.", Everything.RunAsync, isBrief: true),
    MicroCommand.Create(),
    CandidateCommand.Create(),
    HoldCommand.Create(),
    AcquireCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors is [var error, ..])
{
    var problem = parsed.UnmatchedTokens is [var unknown, ..] ? $"'{unknown}' is no command or option" : error.Message;
    Console.Error.WriteLine($"benchmarks: {problem} (--help lists what there is)");
    return 2;
}
using var stop = new StopSignals();
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"benchmarks: {e.Message}");
    return 2;
}
