using LeaderElection.Leases;
using LeaderElection.Raft.Transport;

namespace LeaderElection.Raft;

/// <summary>
/// A running member: brings what happens to the <see cref="RaftMember"/> one after the other, and does what that says.
/// </summary>
/// <remarks>
/// What happens is queued and handled by whichever thread comes first, while the others go on: nobody waits for
/// another, and a message is handled on the thread that read it. What is to be sent goes out when the queue is empty.
/// </remarks>
internal sealed partial class RaftNode : IAsyncDisposable
{
    private readonly Lock _queueLock = new();
    private readonly Queue<Work> _queue = new();
    private readonly List<TaskCompletionSource> _done = [];
    private readonly HashSet<Link> _unsent = [];

    // Everything below is used under this lock: by whoever handles the queue, and by those who ask how the member stands.
    private readonly Lock _lock = new();
    private readonly RaftElectionBackend _backend;
    private readonly RaftConfiguration _configuration;
    private readonly RaftMember _member;
    private readonly RaftTransport _transport;
    private readonly StateFolder _folder;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly long _startedAt;
    private long _armed = long.MaxValue;
    private long _timerDue = long.MaxValue;
    private long? _majoritySince;
    private Exception? _failure;
    private bool _isDraining;

    private RaftNode(RaftElectionBackend backend, RaftElectionOptions options, StateFolder folder, RaftAddress address)
    {
        _backend = backend;
        _folder = folder;
        _configuration = options.CreateConfiguration(address, Time.TimestampFrequency);
        var state = folder.File.Load(_configuration) ?? MemberState.Fresh(_configuration, default);
        // Later ones are higher, so that of two folders of one member the newer is known.
        if (state.StateId == Guid.Empty)
            state = state with { StateId = Guid.CreateVersion7(Time.GetUtcNow()) };
        _transport = new RaftTransport(this, options, address, new(state.StateId, state.Incarnation + 1), Time, backend.Warn);
        _startedAt = Time.GetTimestamp();
        _member = new RaftMember(_configuration, state, _startedAt, Random.Shared);
        _clock = backend.CreateLeaseClock();
        _timer = Time.CreateTimer(static node => _ = ((RaftNode)node!).PostAsync(((RaftNode)node).OnTimer), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private TimeProvider Time => _backend.Time;

    /// <summary>Starts the member: when this returns, its start is on the disk and it votes.</summary>
    /// <exception cref="ElectionStoreException">Its state cannot be trusted or kept, or its address cannot be listened at.</exception>
    public static async Task<RaftNode> StartAsync(RaftElectionBackend backend, RaftElectionOptions options, RaftAddress address)
    {
        var folder = StateFolder.Open(options.EffectiveDirectory, options.Member);
        RaftNode? node = null;
        try
        {
            node = new RaftNode(backend, options, folder, address);
            node.Post(new Input.Tick());
            await node._started.Task.ConfigureAwait(false);
            node._transport.Start();
            _ = node.TellOfLonelinessAsync(options.EffectiveElectionTimeoutMax);
            return node;
        }
        catch
        {
            if (node is not null)
                await node.DisposeAsync().ConfigureAwait(false);
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Whether the member takes part.</summary>
    public bool IsAdmitted
    {
        get { lock (_lock) return _member.IsAdmitted; }
    }

    /// <summary>Why a member that introduces itself must not be listened to.</summary>
    public string? WhyNotState(Hello hello)
    {
        lock (_lock) return _member.WhyNotState(hello.From, hello.Life.StateId, hello.IsAdmitted);
    }

    /// <summary>Adds what a member said; <see cref="Drain"/> has it handled.</summary>
    public void Enqueue(Link from, ulong fingerprint, Message message)
    {
        var input = new Input.Received(from.Neighbour.Id, fingerprint, message);
        lock (_queueLock) _queue.Enqueue(new Work(input, from));
    }

    public void Post(Input input)
    {
        lock (_queueLock) _queue.Enqueue(new Work(input));
        Drain();
    }

    /// <summary>Does something between two inputs.</summary>
    /// <returns>Ends when it was done, and what it had to say has been handed to the links.</returns>
    public Task PostAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_queueLock) _queue.Enqueue(new Work(Action: action, Done: done));
        Drain();
        return done.Task;
    }

    /// <summary>Handles what is queued, unless another thread is at it.</summary>
    public void Drain()
    {
        lock (_queueLock)
        {
            if (_isDraining)
                return;
            _isDraining = true;
        }
        do
        {
            while (TryTake(out var work))
            {
                lock (_lock) Handle(work);
            }
            Flush();
        }
        while (!TryRest());
    }

    /// <summary>There is a new link to a member.</summary>
    public Task AttachAsync(Link link) => PostAsync(() =>
    {
        var neighbour = link.Neighbour;
        if (_failure is not null || _stop.IsCancellationRequested || neighbour.Life.Succeeds(link.Life))
        {
            link.Close();
            return;
        }
        neighbour.Link?.Close();
        // One that was started anew has proven that its process of before is at its end.
        Step(new Input.PeerDown(neighbour.Id, link.Life.Succeeds(neighbour.Life) ? neighbour.Life : null));
        neighbour.Attach(link);
        Step(new Input.PeerUp(neighbour.Id));
        AskAlso(link);
        MajorityMayHaveChanged();
        link.Start();
    });

    /// <summary>A link has ended; whether its member has, too, is found out.</summary>
    public void Detach(Link link) => _ = PostAsync(() =>
    {
        if (link.Neighbour.Link == link)
            link.Neighbour.Detach(link);
        MajorityMayHaveChanged();
    });

    /// <summary>A member was not found again.</summary>
    /// <param name="neighbour">The member.</param>
    /// <param name="dead">Its process that is known to have ended; <see langword="null"/> when only the link is.</param>
    public void Lost(Neighbour neighbour, Life? dead) => _ = PostAsync(() =>
    {
        if (neighbour.Link is null)
            Step(new Input.PeerDown(neighbour.Id, dead));
    });

    /// <summary>Waits until what was said has left, as far as links allow.</summary>
    public Task FlushedAsync() => Task.WhenAll(_transport.Neighbours.Values.Select(n => n.Link?.FlushedAsync() ?? Task.CompletedTask));

    /// <summary>Ends the member. Its lock and its address are given back last: whoever finds them free may believe that nobody leads here.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        lock (_lock) _clock.Revoke();
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        await _saving.ConfigureAwait(false);
        _folder.Dispose();
    }

    private bool TryTake(out Work work)
    {
        lock (_queueLock) return _queue.TryDequeue(out work);
    }

    private bool TryRest()
    {
        lock (_queueLock)
        {
            if (_queue.Count > 0)
                return false;
            _isDraining = false;
            return true;
        }
    }

    private void Flush()
    {
        foreach (var link in _unsent)
            link.Flush();
        _unsent.Clear();
        foreach (var done in _done)
            done.TrySetResult();
        _done.Clear();
    }

    private void Handle(Work work)
    {
        if (work.Done is { } done)
            _done.Add(done);
        try
        {
            if (work.Action is { } action)
                action();
            else if (work.From is null)
                Step(work.Input!);
            else if (work.From.Neighbour.Link == work.From)
                Hear(work.From, (Input.Received)work.Input!);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>The time is read here, after the input was taken: what a promise counts from must not lie before what it answers.</summary>
    private void Step(Input input)
    {
        if (_failure is not null)
            return;
        foreach (var output in _member.Step(Time.GetTimestamp(), input))
            Do(output);
    }

    private void Do(Output output)
    {
        switch (output)
        {
            case Output.Send send:
                Send(_transport.Neighbours[send.To].Link, send.Message);
                break;
            case Output.Save save:
                _saving = SaveAsync(save);
                break;
            case Output.Arm arm:
                _armed = arm.At;
                SetTimer();
                break;
            case Output.LeaseConfirmed confirmed:
                _clock.Confirm(confirmed.Sent);
                break;
            case Output.Elected elected:
                OnElected(elected);
                break;
            case Output.Lost lost:
                OnLost(lost);
                break;
            case Output.LeaderChanged changed:
                OnLeaderChanged(changed);
                break;
            case Output.Preferred preferred:
                OnPreferred(preferred);
                break;
            case Output.NotAdmitted waits:
                _backend.Warn(waits.Reason);
                break;
            case Output.PeerRefused refused:
                _transport.Refused(refused.Peer, refused.Reason);
                break;
        }
    }

    private void Send(Link? link, Message message)
    {
        if (link is null)
            return;
        link.Append(_configuration.Fingerprint, message);
        _unsent.Add(link);
    }

    private void OnTimer()
    {
        _timerDue = long.MaxValue;
        if (Time.GetTimestamp() >= _armed)
            Step(new Input.Tick());
        SetTimer();
    }

    /// <summary>What moves away, as with each heartbeat, does not move the timer: it looks again when it fires.</summary>
    private void SetTimer()
    {
        if (_armed >= _timerDue)
            return;
        _timerDue = _armed;
        var delay = Time.TimerDelayUntil(_armed);
        // At least a moment: what is due already was looked at just now.
        _timer.Change(delay > TimeSpan.Zero ? delay : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>A mistake in this program: the member is of no use any more, but it must not do harm either.</summary>
    private void Fail(Exception e)
    {
        if (_failure is not null)
            return;
        _failure = e;
        _backend.Warn($"member {_configuration.Self} stops, because of a mistake in the program: {e}");
        _clock.Revoke();
        EndCampaigns(() => Failed(e));
        _started.TrySetException(Failed(e));
        // The others need not count on it.
        foreach (var neighbour in _transport.Neighbours.Values)
            neighbour.Link?.Close();
        _ = LeaveAsync();
    }

    /// <summary>Gives the address of a failed member back: not before its lease is over, as until then its work may have to stop, and who is refused may elect.</summary>
    private async Task LeaveAsync()
    {
        await Task.Delay(_backend.Options.LeaseDuration, Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    private static ElectionStoreException Failed(Exception e) => new($"the member has stopped: {e.Message}", isTransient: false, e);

    private readonly record struct Work(Input? Input = null, Link? From = null, Action? Action = null, TaskCompletionSource? Done = null);
}
