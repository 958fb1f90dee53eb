using LeaderElection.Raft.Transport;

namespace LeaderElection.Raft;

/// <content>The disk of the member, and who is within reach.</content>
internal sealed partial class RaftNode
{
    private readonly Dictionary<long, Question> _questions = [];
    private Task _saving = Task.CompletedTask;
    private long _lastQuestion;
    private bool _toldOfTooFew;

    /// <summary>Whether enough others are linked to for a leader to be heard of, if there is one.</summary>
    public bool HasHadContact(TimeSpan atMost)
    {
        lock (_lock)
        {
            return Time.GetElapsedTime(_startedAt) >= atMost
                || (_majoritySince is { } since && Time.GetTimestamp() - since >= _configuration.Timings.HeartbeatInterval);
        }
    }

    /// <summary>Asks all other members for a sign of life, and waits for that of a majority.</summary>
    /// <exception cref="ElectionStoreException">Too few answered.</exception>
    public async Task PingAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_failure is { } failure)
                throw Failed(failure);
            if (!_member.IsAdmitted)
                throw new ElectionStoreException(_member.Admission.Waits, isTransient: true);
        }
        var question = new Question();
        await PostAsync(() =>
        {
            question.Number = ++_lastQuestion;
            _questions.Add(question.Number, question);
            foreach (var neighbour in _transport.Neighbours.Values)
                Send(neighbour.Link, new Message.Probe(question.Number, IsAnswer: false));
        }).ConfigureAwait(false);
        try
        {
            await question.Answered.Task.WaitAsync(limit, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            int reached;
            lock (_lock) reached = question.By.Count + 1;
            throw TooFew(reached);
        }
        finally
        {
            await PostAsync(() => _questions.Remove(question.Number)).ConfigureAwait(false);
        }
    }

    public RaftStatus GetStatus()
    {
        lock (_lock)
        {
            return new RaftStatus(_configuration.Self, _member.Incarnation, [.. _member.Peers.Select(peer =>
            {
                var neighbour = _transport.Neighbours[peer.Id];
                TimeSpan? age = peer.Incarnation > 0 ? Time.GetElapsedTime(peer.LastContact) : null;
                return new RaftPeerStatus(
                    peer.Id, neighbour.Member.Text, neighbour.Link is not null, age, neighbour.Sent, neighbour.Received, neighbour.Refused);
            })]);
        }
    }

    public RaftElectionStatus? GetStatus(string election)
    {
        lock (_lock)
        {
            return _member.Find(election) is not { } state ? null : new RaftElectionStatus(
                election, state.Term, state.VotedFor,
                state.Role is Leader ? "leader" : state.Role is Candidate ? "candidate" : "follower",
                state.Role switch
                {
                    Leader { IsConfirmed: true } => _configuration.Self,
                    Follower { Leader: { } leader } => leader.Id,
                    _ => null,
                });
        }
    }

    private void Hear(Link from, Input.Received received)
    {
        if (_failure is not null)
            return;
        if (received.Message is not Message.Probe probe)
            Step(received);
        else if (received.Fingerprint != _configuration.Fingerprint)
            return;
        else if (!probe.IsAnswer)
            Send(from, probe with { IsAnswer = true });
        else if (_questions.TryGetValue(probe.Number, out var question) && question.By.Add(received.From) && question.By.Count + 1 >= _configuration.List.Majority)
            question.Answered.TrySetResult();
    }

    private void AskAlso(Link link)
    {
        foreach (var question in _questions.Values)
            Send(link, new Message.Probe(question.Number, IsAnswer: false));
    }

    private void MajorityMayHaveChanged()
    {
        var reached = _transport.Neighbours.Values.Count(n => n.Link is not null) + 1;
        var isMajority = reached >= _configuration.List.Majority;
        if (isMajority == _majoritySince is not null || _stop.IsCancellationRequested)
            return;
        _majoritySince = isMajority ? Time.GetTimestamp() : null;
        if (!isMajority)
            _backend.Warn(TooFew(reached).Message);
        else if (_toldOfTooFew)
            _backend.Warn($"member {_configuration.Self} reaches a majority of the members again");
        _toldOfTooFew = !isMajority;
    }

    /// <summary>Says once that a member waits for the others, when it has waited for long.</summary>
    private async Task TellOfLonelinessAsync(TimeSpan after)
    {
        await Task.Delay(after, Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (!_member.IsAdmitted && !_stop.IsCancellationRequested)
                _backend.Warn(_member.Admission.Waits);
            if (_majoritySince is not null || _toldOfTooFew || _stop.IsCancellationRequested)
                return;
            _toldOfTooFew = true;
            _backend.Warn(TooFew(_transport.Neighbours.Values.Count(n => n.Link is not null) + 1).Message);
        }
    }

    private ElectionStoreException TooFew(int reached) => new(
        $"member {_configuration.Self} reaches {reached} of {_configuration.List.Members.Length} members, itself included; {_configuration.List.Majority} are needed",
        isTransient: true);

    /// <summary>Saves what the member must not forget. What depends on it waits; while the disk fails, for ever.</summary>
    private async Task SaveAsync(Output.Save save)
    {
        var backoff = _backend.CreateBackoff();
        var isTold = false;
        while (true)
        {
            try
            {
                await Task.Run(() => _folder.File.Save(save.State)).ConfigureAwait(false);
                break;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A member that cannot even count its start does not start.
                if (_started.TrySetException(StateFolder.Unusable(_backend.Directory, e)))
                    return;
                if (!isTold)
                    _backend.Warn($"member {_configuration.Self} cannot save its state, and does not vote until it can: {e.Message}");
                isTold = true;
            }
            catch (Exception e)
            {
                await PostAsync(() => Fail(e)).ConfigureAwait(false);
                return;
            }
            try
            {
                await Task.Delay(backoff.Next(), Time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        if (isTold)
            _backend.Warn($"member {_configuration.Self} can save its state again");
        if (_stop.IsCancellationRequested)
            return;
        Post(new Input.Saved(save.Number));
        _started.TrySetResult();
    }

    private sealed class Question
    {
        public long Number { get; set; }

        public HashSet<string> By { get; } = [];

        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
