using LeaderElection.Leases;

namespace LeaderElection.Redis;

/// <summary>One of several servers: it is asked with a bound, and the user is told when it falls out.</summary>
/// <param name="node">The server.</param>
/// <param name="patience">How long it is waited for: the others may be a majority.</param>
/// <param name="rule">How many of how many servers are needed, in words.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="warn">Tells the user.</param>
internal sealed class Voter(RedisNode node, TimeSpan patience, string rule, TimeProvider time, Action<string> warn)
{
    private readonly Lock _lock = new();
    private bool _isInTrouble;

    /// <summary>Until when it is known not to vote, as a timestamp.</summary>
    private long _isFreshUntil;

    public string Name => node.Name;

    /// <exception cref="ElectionStoreException">It failed, refused, or did not answer in time.</exception>
    public async Task<T> AskAsync<T>(Func<RedisNode, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var answer = await request(node, either.Token).ConfigureAwait(false);
            lock (_lock) _isInTrouble = false;
            return answer;
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            // Called off before it had the time that it is given.
            throw new ElectionStoreException($"{Name}: no answer yet", isTransient: true, e);
        }
        catch (OperationCanceledException e)
        {
            throw InTrouble(new ElectionStoreException($"{Name}: no answer within {patience.TotalSeconds:0.###} s", isTransient: true, e));
        }
        catch (ElectionStoreException e)
        {
            throw InTrouble(e);
        }
    }

    /// <summary>It may have forgotten a leader: the user is told once, until it votes and then may have again.</summary>
    public void OnFresh(TimeSpan remaining)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (now < _isFreshUntil)
                return;
            // Somewhat longer than it says: what it said of the same time may arrive late.
            _isFreshUntil = now + (long)((remaining + patience).TotalSeconds * time.TimestampFrequency);
        }
        warn(FormattableString.Invariant(
            $"{Name}: it is new, was emptied, or was restarted, and may have forgotten a leader; it does not vote for another {remaining.TotalSeconds:0.###} s, and {rule}"));
    }

    public ValueTask DisposeAsync() => node.DisposeAsync();

    /// <summary>Warns when it falls out, not each time that it is asked.</summary>
    private ElectionStoreException InTrouble(ElectionStoreException e)
    {
        lock (_lock)
        {
            if (_isInTrouble)
                return e;
            _isInTrouble = true;
        }
        warn($"{e.Message}; it has no vote, and {rule}");
        return e;
    }
}
