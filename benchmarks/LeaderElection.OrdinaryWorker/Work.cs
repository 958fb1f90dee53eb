using System.Globalization;
using System.Threading.Channels;
using LeaderElection.Hosting;

namespace LeaderElection.OrdinaryWorker;

/// <summary>Leads until a line on standard input says <c>resign</c>; says what happens, with the wall clock in nanoseconds and the token.</summary>
internal sealed class Work : LeaderService
{
    private static readonly Lock Output = new();

    /// <summary>Reading standard input keeps a thread: one of its own.</summary>
    private readonly Channel<string> _input = Channel.CreateUnbounded<string>();

    public Work() => new Thread(ReadInput) { IsBackground = true }.Start();

    public static void Say(string what, long? token = null)
    {
        var at = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        lock (Output)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {at}{(token is null ? "" : $" {token}")}"));
            Console.Out.Flush();
        }
    }

    protected override async Task LeadAsync(Leadership leadership, CancellationToken lost)
    {
        Say("LEADER", leadership.FencingToken);
        try
        {
            while (await _input.Reader.ReadAsync(lost) != "resign")
            {
            }
            Say("RESIGN", leadership.FencingToken);
        }
        catch (OperationCanceledException)
        {
            Say("LOST", leadership.FencingToken);
        }
    }

    private void ReadInput()
    {
        while (Console.In.ReadLine() is { } line)
            _input.Writer.TryWrite(line.Trim());
    }
}
