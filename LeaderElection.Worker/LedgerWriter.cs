using LeaderElection.Hosting;
using LeaderElection.Playground;

namespace LeaderElection.Worker;

/// <summary>The leader's work, done by one replica at a time: here an entry in the board's ledger, again and again.</summary>
internal sealed class LedgerWriter(Ledger ledger, TimeProvider time) : LeaderService
{
    protected override async Task LeadAsync(Leadership leadership, CancellationToken lost)
    {
        using var timer = new PeriodicTimer(ledger.Interval, time);
        var number = 0L;
        do
        {
            // It takes the fencing token along; refused, another was elected meanwhile, and this term is over.
            if (await ledger.AppendAsync(leadership, $"entry {++number} of term {leadership.FencingToken}", lost) == LedgerAnswer.Refused)
                return;
        }
        while (await timer.WaitForNextTickAsync(lost));
    }
}
