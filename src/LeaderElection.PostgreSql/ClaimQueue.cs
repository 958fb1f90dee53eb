using LeaderElection.Leases;

namespace LeaderElection.PostgreSql;

/// <summary>
/// The claims to a server. Those that are made at the same time go out in one round trip: a claim that finds none under way
/// goes at once, and alone; those that come meanwhile wait for its end, and go together.
/// </summary>
/// <param name="send">Puts claims of one lease to the server, each to another election, and gives the answers in the same order.</param>
internal sealed class ClaimQueue(Func<IReadOnlyList<ClaimQueue.Claimant>, Task<IReadOnlyList<ClaimRow>>> send)
{
    private const int MostInOneCall = 250;

    private readonly Lock _lock = new();
    private readonly LinkedList<Claimant> _waiting = new();
    private bool _isUnderWay;

    /// <summary>Puts a claim to the server.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="over">A lease that the claimant knows to be over, by its own clock, and how often it had been renewed.</param>
    /// <param name="cancellationToken">Stops the waiting; a claim that was not sent yet never is.</param>
    public async Task<ClaimRow> AskAsync(LeaseClaim claim, (string Id, long Count) over, CancellationToken cancellationToken)
    {
        var claimant = new Claimant(claim, over);
        var goes = false;
        lock (_lock)
        {
            _waiting.AddLast(claimant);
            if (!_isUnderWay)
                goes = _isUnderWay = true;
        }
        if (goes)
            _ = RunAsync();
        try
        {
            return await claimant.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!claimant.Answer.Task.IsCompleted)
                lock (_lock) _waiting.Remove(claimant);
        }
    }

    /// <summary>Makes calls until nobody waits any more.</summary>
    private async Task RunAsync()
    {
        while (Take() is { Count: > 0 } call)
        {
            try
            {
                var answers = await send(call).ConfigureAwait(false);
                for (var i = 0; i < call.Count; i++)
                    call[i].Answer.TrySetResult(answers[i]);
            }
            catch (Exception e)
            {
                // Told to those who wait for it.
                foreach (var claimant in call)
                {
                    if (claimant.Answer.TrySetException(e))
                        _ = claimant.Answer.Task.Exception;
                }
            }
        }
    }

    /// <summary>Takes those who wait, of one lease, not two of one election, and not too many.</summary>
    private List<Claimant> Take()
    {
        var call = new List<Claimant>();
        var elections = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            for (var node = _waiting.First; node is not null && call.Count < MostInOneCall;)
            {
                var (claimant, next) = (node.Value, node.Next);
                if ((call.Count == 0 || claimant.Claim.LeaseId == call[0].Claim.LeaseId) && elections.Add(claimant.Claim.Election))
                {
                    _waiting.Remove(node);
                    call.Add(claimant);
                }
                node = next;
            }
            _isUnderWay = call.Count > 0;
        }
        return call;
    }

    internal sealed class Claimant(LeaseClaim claim, (string Id, long Count) over)
    {
        public LeaseClaim Claim { get; } = claim;

        public (string Id, long Count) Over { get; } = over;

        public TaskCompletionSource<ClaimRow> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
