using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.FileSystem;

/// <summary>
/// Leader election in a folder that all candidates share: a lease file per election, replaced atomically under an OS
/// lock; a fencing token that is flushed to disk before it is issued; a lease per process, which on one machine ends with
/// the process at once.
/// </summary>
/// <remarks>
/// On one machine (one kernel) leases are timed by its monotonic clock, and a lock that the kernel drops with the
/// process tells a crash: at once on Linux, elsewhere at the lease's end. Between machines a lease has run out when its
/// file did not change for its whole duration, by the observer's own clock; wall clocks play no part. The folder's file
/// system must keep locks. A power cut of one machine ends every leadership there, so in a local folder nothing but the
/// token is flushed; in a network folder the lease file is as well. A process that is frozen in the very millisecond in which it holds an election's lock holds
/// up that election until it thaws.
/// </remarks>
public sealed class FileElectionBackend : LeaseBackend
{
    private readonly FileElectionOptions _options;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _closed = new();
    private readonly System.Threading.Lock _lock = new();
    private readonly Dictionary<string, AliveFile> _alive = [];
    private readonly Dictionary<string, LeaseClaim> _held = [];
    private readonly Dictionary<string, (long Count, long SeenAt)> _seen = [];
    private ElectionFolder? _folder;
    private FolderWatcher? _watcher;
    private int _sweepIsDue;

    /// <summary>Creates the backend; the folder is opened when it is first needed.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public FileElectionBackend(FileElectionOptions options, ILogger<FileElectionBackend>? logger = null, TimeProvider? time = null)
        : base("file", options, time, logger ?? NullLogger<FileElectionBackend>.Instance) => _options = options;

    /// <summary>What tells of changes; for tests.</summary>
    internal FolderWatcher? Watcher
    {
        get => _watcher;
        set => _watcher = value;
    }

    /// <summary>Changes by other machines are not notified: there the folder is looked at.</summary>
    protected override TimeSpan PollInterval =>
        _folder is { IsNetwork: false } && _watcher is { IsWatching: true } ? Timeout.InfiniteTimeSpan : RetryPeriod;

    /// <inheritdoc/>
    protected override ValueTask<ClaimReply> ClaimAsync(LeaseClaim claim, CancellationToken cancellationToken) =>
        RunAsync(folder => ClaimAsync(folder, claim, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask<RenewReply> RenewAsync(string leaseId, IReadOnlyList<LeaseClaim> held, CancellationToken cancellationToken) =>
        RunAsync(folder => Task.FromResult(Renew(folder, leaseId, held)), cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask GiveBackAsync(LeaseRelease release, CancellationToken cancellationToken) =>
        await RunAsync(
            async folder =>
            {
                if (release.Claim is { } claim)
                    await ReleaseAsync(folder, claim, release.FencingToken, cancellationToken).ConfigureAwait(false);
                if (release.EndsLease)
                    EndLease(release);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override ValueTask<LeaseRecord?> ReadAsync(string election, CancellationToken cancellationToken) =>
        RunAsync(
            folder => Task.FromResult(folder.ReadLease(election) is { Holder: { } holder } lease && Remaining(folder, holder) is { Ticks: > 0 } remaining
                ? Record(lease.FencingToken, holder, remaining)
                : null),
            cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask PingStoreAsync(CancellationToken cancellationToken) =>
        await RunAsync(
            folder =>
            {
                folder.Check();
                return Task.FromResult(true);
            },
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        _watcher?.Dispose();
        lock (_lock)
        {
            foreach (var alive in _alive.Values)
                alive.Dispose();
            _alive.Clear();
        }
    }

    private static LeaseRecord Record(long fencingToken, LeaseFile.Leader holder, TimeSpan remaining) =>
        new(new LeaderInfo(holder.CandidateId, fencingToken, holder.Since), holder.LeaseId, remaining);

    private static bool IsMine(LeaseFile? lease, LeaseClaim claim) =>
        lease?.Holder is { } holder && holder.LeaseId == claim.LeaseId && holder.ClaimId == claim.ClaimId;

    private async Task<ClaimReply> ClaimAsync(ElectionFolder folder, LeaseClaim claim, CancellationToken cancellationToken)
    {
        // The usual answer needs no lock: another leads.
        if (folder.ReadLease(claim.Election) is { Holder: { } leader } current && !IsMine(current, claim) && Remaining(folder, leader) is { Ticks: > 0 } runs)
            return Held(folder, current.FencingToken, leader, runs);

        using var locked = await folder.LockAsync(claim.Election, cancellationToken).ConfigureAwait(false);
        var lease = folder.ReadLease(claim.Election);
        var lastToken = Math.Max(lease?.FencingToken ?? 0, locked.ReadToken());
        // A lease file that vanished may have had a leader. Nobody may lead before one lease, which begins anew if it vanishes again.
        if (lease is null && lastToken > 0)
            folder.WriteLease(claim.Election, lease = new LeaseFile(lastToken, null, Vanished: Guid.NewGuid().ToString("N")));
        if (lease?.Vanished is { } occasion && LeftSinceFirstSeen(occasion, 0, claim.LongestLease) is { Ticks: > 0 } wait)
            return ClaimReply.Wait(wait);
        if (IsMine(lease, claim))
            return Confirm(folder, claim) ? Won(claim, lease!.FencingToken, lease.Holder!.Since) : ClaimReply.LeaseGone;
        if (lease?.Holder is { } holder)
        {
            var remaining = Remaining(folder, holder);
            if (remaining > TimeSpan.Zero)
                return Held(folder, lease.FencingToken, holder, remaining.Value);
            // Gone for good: a process does not make its lease anew.
            if (remaining is null && LeftSinceFirstSeen(holder.LeaseId, -1, holder.Duration) is { Ticks: > 0 } left)
                return ClaimReply.Wait(left);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!Confirm(folder, claim))
            return ClaimReply.LeaseGone;
        var now = Time.GetUtcNow();
        // A folder without a past starts from the clock, above all that was issued in it before it was emptied.
        var token = Math.Max(lastToken == 0 ? now.ToUnixTimeMilliseconds() : lastToken, claim.HighestToken) + 1;
        try
        {
            locked.WriteToken(token);
            folder.WriteLease(claim.Election, new LeaseFile(
                token, new LeaseFile.Leader(claim.CandidateId, claim.LeaseId, claim.ClaimId, _options.LeaseDuration, now, folder.Host)));
        }
        catch when (!claim.LeaseMustExist)
        {
            // The next attempt comes with a lease of its own: on a full disk the files of all these would take what space there is.
            GiveUpUnheld(claim.LeaseId);
            throw;
        }
        if (lease?.Holder is not null)
            SweepSoon();
        return Won(claim, token, now);
    }

    /// <exception cref="ElectionStoreException">The leader does not see the locks of this process, nor this one those of the leader.</exception>
    private ClaimReply Held(ElectionFolder folder, long fencingToken, LeaseFile.Leader holder, TimeSpan remaining) =>
        HostIdentity.AreTwoMountsOfOneKernel(holder.Host, folder.Host)
            ? throw new ElectionStoreException(
                $"folder {Path.GetFullPath(_options.Directory)}: {holder.CandidateId} leads there through another mount of this machine, and locks do not pass from one to the other; use one of them",
                isTransient: false)
            : ClaimReply.Held(Record(fencingToken, holder, remaining));

    /// <summary>Removes what a dead leader left behind, a little later: by then its other elections have been taken over as well.</summary>
    private void SweepSoon()
    {
        if (Interlocked.Exchange(ref _sweepIsDue, 1) == 0)
            _ = SweepAsync();

        async Task SweepAsync()
        {
            try
            {
                await Task.Delay(RetryPeriod, Time, _closed.Token).ConfigureAwait(false);
                Volatile.Write(ref _sweepIsDue, 0);
                await RunAsync(
                    folder =>
                    {
                        folder.RemoveUnnamed();
                        return Task.FromResult(true);
                    },
                    _closed.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ElectionStoreException or OperationCanceledException)
            {
                // The campaigns and renewals tell of the folder's trouble; the next leader sweeps.
            }
        }
    }

    private ClaimReply Won(LeaseClaim claim, long token, DateTimeOffset since)
    {
        lock (_lock) _held[claim.Election] = claim;
        return ClaimReply.Won(new LeaderInfo(claim.CandidateId, token, since));
    }

    /// <summary>Confirms the lease of this process, or starts it.</summary>
    /// <returns><see langword="false"/> when it should be there and is not.</returns>
    private bool Confirm(ElectionFolder folder, LeaseClaim claim)
    {
        lock (_lock)
        {
            if (_alive.TryGetValue(claim.LeaseId, out var alive))
            {
                if (!alive.StillThere())
                    return false;
                alive.Renew(Time.GetTimestamp());
                return true;
            }
            if (claim.LeaseMustExist)
                return false;
            _alive.Add(claim.LeaseId, AliveFile.Create(folder.AlivePath(claim.LeaseId), Time.GetTimestamp(), flushes: folder.IsNetwork));
            return true;
        }
    }

    private RenewReply Renew(ElectionFolder folder, string leaseId, IReadOnlyList<LeaseClaim> held)
    {
        lock (_lock)
        {
            if (!_alive.TryGetValue(leaseId, out var alive) || !alive.StillThere())
                return RenewReply.Gone;
            alive.Renew(Time.GetTimestamp());
        }
        // Where changes are notified, OnFileChanged has looked already, as a rule: no notification is trusted to come.
        var superseded = held.Where(claim => !StillHolds(folder, claim)).ToArray();
        return superseded is [] ? RenewReply.Renewed : new RenewReply(false, superseded);
    }

    private bool StillHolds(ElectionFolder folder, LeaseClaim claim)
    {
        try
        {
            return IsMine(folder.ReadLease(claim.Election), claim);
        }
        catch (ElectionStoreException e)
        {
            StoreWarning(e.Message);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Out of reach is not superseded: the next renewals and the lease clock decide.
            return true;
        }
    }

    private async Task ReleaseAsync(ElectionFolder folder, LeaseClaim claim, long fencingToken, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_held.TryGetValue(claim.Election, out var held) && held.ClaimId == claim.ClaimId)
                _held.Remove(claim.Election);
        }
        using var locked = await folder.LockAsync(claim.Election, cancellationToken).ConfigureAwait(false);
        var lease = folder.ReadLease(claim.Election);
        // A leader whose lease file was deleted says so too: those who wait it out need not wait longer. Unless they wait out a later one.
        var isMissing = lease is null or { Vanished: not null };
        if (IsMine(lease, claim) || (isMissing && fencingToken > 0 && fencingToken >= locked.ReadToken()))
            folder.WriteLease(claim.Election, new LeaseFile(lease?.FencingToken ?? fencingToken, null));
    }

    /// <summary>Ends a lease under which nothing was won.</summary>
    private void GiveUpUnheld(string leaseId)
    {
        lock (_lock)
        {
            if (_held.Values.Any(h => h.LeaseId == leaseId) || !_alive.Remove(leaseId, out var alive))
                return;
            alive.Delete();
            alive.Dispose();
        }
    }

    private void EndLease(LeaseRelease release)
    {
        AliveFile? alive;
        lock (_lock)
        {
            if (!_alive.Remove(release.LeaseId, out alive))
                return;
            foreach (var election in _held.Where(h => h.Value.LeaseId == release.LeaseId).Select(h => h.Key).ToArray())
                _held.Remove(election);
        }
        // Elections that were not given back still name the lease: unlocked, its file proves that it is over.
        if (release.Claim is not null)
            alive.Delete();
        alive.Dispose();
    }

    /// <summary>How long the lease of that leader has to run.</summary>
    /// <returns>Zero when it is over; <see langword="null"/> when its file is gone, so that nobody can tell.</returns>
    private TimeSpan? Remaining(ElectionFolder folder, LeaseFile.Leader holder)
    {
        var path = folder.AlivePath(holder.LeaseId);
        var isLocal = holder.Host == folder.Host;
        // Locks of other machines are not always seen here, those of this kernel are.
        if (isLocal && !folder.IsNetwork && AliveFile.IsAbandoned(path))
            return TimeSpan.Zero;
        // Caught in the middle of a write; or, where nobody holds it, what a power cut left of it: that is not written again.
        if (AliveFile.Read(path) is not { } renewal)
            return File.Exists(path) && (folder.IsNetwork || !AliveFile.IsAbandoned(path)) ? holder.Duration : null;
        if (!isLocal)
            return LeftSinceFirstSeen(holder.LeaseId, renewal.Count, holder.Duration);
        var left = holder.Duration - Time.GetElapsedTime(renewal.Sent);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What is left of a duration that began when this process first saw that renewal, by this machine's clock.</summary>
    private TimeSpan LeftSinceFirstSeen(string leaseId, long count, TimeSpan duration)
    {
        var now = Time.GetTimestamp();
        lock (_lock)
        {
            // Leases come and go; what is forgotten is only waited out once more.
            if (_seen.Count > 10_000)
                _seen.Clear();
            if (!_seen.TryGetValue(leaseId, out var seen) || seen.Count != count)
                _seen[leaseId] = seen = (count, now);
            var left = (duration * (1 + _options.ClockDrift)) - Time.GetElapsedTime(seen.SeenAt, now);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private void OnFileChanged(string file)
    {
        if (file.EndsWith(ElectionFolder.AliveExtension, StringComparison.Ordinal))
        {
            OnLeaseAlive(Path.GetFileNameWithoutExtension(file));
            return;
        }
        if (!file.EndsWith(ElectionFolder.LeaseExtension, StringComparison.Ordinal))
            return;
        var election = Path.GetFileNameWithoutExtension(file);
        LeaseClaim? held;
        lock (_lock) _held.TryGetValue(election, out held);
        if (held is not null && _folder is { } folder && !StillHolds(folder, held))
            OnElected(election, long.MaxValue);
        else
            OnChanged(election);
    }

    private void OnFileClosed(string file)
    {
        if (file.EndsWith(ElectionFolder.AliveExtension, StringComparison.Ordinal))
            OnLeaseTouched(Path.GetFileNameWithoutExtension(file));
        else
            _folder?.OnClosed(file);
    }

    private async Task<ElectionFolder> OpenAsync(CancellationToken cancellationToken)
    {
        if (_folder is { } open)
            return open;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_folder is null)
            {
                var folder = ElectionFolder.Open(_options.Directory, _options.CreateDirectory, Time, _options.SharedBetweenMachines);
                try
                {
                    _watcher = folder.Watch(OnFileChanged, OnFileClosed, OnReconnected);
                }
                catch (IOException e)
                {
                    StoreWarning($"{e.Message}; looking every {PollInterval.TotalSeconds:0.#} s instead");
                }
                _folder = folder;
            }
            return _folder;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Runs file work off the caller's thread, so that a share that hangs holds up nobody past their bound.</summary>
    private async ValueTask<T> RunAsync<T>(Func<ElectionFolder, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(
                async () => await work(await OpenAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false),
                cancellationToken).Observed().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DirectoryNotFoundException e)
        {
            // Once it was there it may come back, like a server.
            throw _folder is null
                ? Error("does not exist; create it, or mount the share that it is on", isTransient: false, e)
                : Error("is gone; waiting for it to come back", isTransient: true, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Error("cannot be written by this user", isTransient: false, e);
        }
        catch (IOException e)
        {
            throw e.HResult switch
            {
                28 or 122 or unchecked((int)0x80070070) => Error("is full; nobody new can be elected until there is space", isTransient: true, e),
                30 or unchecked((int)0x80070013) => Error("is read-only", isTransient: false, e),
                _ => Error(e.Message, isTransient: true, e),
            };
        }
    }

    private ElectionStoreException Error(string what, bool isTransient, Exception e) =>
        new($"folder {Path.GetFullPath(_options.Directory)}: {what}", isTransient, e);
}
