using System.Runtime.InteropServices;

namespace LeaderElection.Tests.History;

/// <summary>
/// A candidate as a process of its own: campaigns, in one election or several, writes to a fenced resource while it leads, and
/// prints its history. It resigns on SIGTERM and campaigns again; the test ends it.
/// </summary>
internal sealed class CandidateProcess(CandidateArguments arguments)
{
    private readonly TimeProvider _time = arguments.HasWanderingClock ? new WanderingClock() : TimeProvider.System;
    private readonly List<CandidateSeat> _seats = [];
    private volatile HashSet<string> _cutOff = [];

    public async Task RunAsync()
    {
        using var resign = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            foreach (var seat in _seats)
                seat.Resign(TimeSpan.Zero);
        });
        await using var backend = CandidateBackend.Create(
            arguments.Strategy, arguments.Endpoint, arguments.Member, arguments.Lease, _time, member => _cutOff.Contains(member),
            options => options.DrainTimeout = arguments.DrainTimeout ?? options.DrainTimeout);
        foreach (var (election, resource) in arguments.Others.Prepend((arguments.Election, arguments.Resource)))
            _seats.Add(new CandidateSeat(arguments, backend.CreateElection(election, arguments.Candidate), await FencedResource.ConnectAsync(resource)));
        if (arguments.TakesCommands)
            _ = TakeCommandsAsync();
        // One that fails ends the process.
        await await Task.WhenAny(_seats.Select(seat => seat.StandAsync()));
    }

    /// <summary>What a test has it do; see <see cref="CandidateCommand"/>.</summary>
    private async Task TakeCommandsAsync()
    {
        // Console.In would block.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case [CandidateCommand.Cut, .. var members]:
                    _cutOff = [.. members];
                    break;
                case [CandidateCommand.Heal]:
                    _cutOff = [];
                    break;
                case [CandidateCommand.Resign, var election, var drain]:
                    _seats.Find(seat => seat.Election == election)?.Resign(TimeSpan.FromMilliseconds(int.Parse(drain)));
                    break;
                case [CandidateCommand.Throw]:
                    _seats.ForEach(seat => seat.Throw());
                    break;
                case [CandidateCommand.Block, var count, var length]:
                    BlockThreadPool(int.Parse(count), TimeSpan.FromMilliseconds(int.Parse(length)));
                    break;
                default:
                    throw new FormatException(line);
            }
        }
        // The test is gone.
        Environment.Exit(0);
    }

    /// <summary>As a user's code may, that waits where it should await.</summary>
    private static void BlockThreadPool(int count, TimeSpan length)
    {
        var over = new ManualResetEvent(false);
        for (var i = 0; i < count; i++)
            ThreadPool.QueueUserWorkItem(_ => over.WaitOne());
        // On a thread of its own: the pool's timers fire on the pool.
        new Thread(() =>
        {
            over.WaitOne(length);
            over.Set();
        }) { IsBackground = true }.Start();
    }
}
