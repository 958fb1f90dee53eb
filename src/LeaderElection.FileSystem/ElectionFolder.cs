using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using LeaderElection.Telemetry;

namespace LeaderElection.FileSystem;

/// <summary>The files of a folder of elections, and how they are read, locked and replaced.</summary>
/// <remarks>
/// <c>NAME.lease</c> says who leads; <c>NAME.lock</c> is locked while that is read and replaced, and keeps the last
/// token in case the lease file vanishes; <c>ID.alive</c> is the lease of a process. On one machine a power cut ends every
/// leadership, so that only the token has to survive it and is flushed; on a network folder the lease file is, too.
/// </remarks>
internal sealed class ElectionFolder
{
    public const string LeaseExtension = ".lease";
    public const string AliveExtension = ".alive";
    private const string LockExtension = ".lock";

    private static readonly TimeSpan AbandonedFor = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new();
    private readonly string _path;
    private readonly TimeProvider _time;

    private ElectionFolder(string path, TimeProvider time, bool isNetwork)
    {
        _path = path;
        _time = time;
        IsNetwork = isNetwork;
        Host = HostIdentity.Of(path);
    }

    /// <summary>Whether the folder may be shared with other machines, whose changes are not notified here.</summary>
    public bool IsNetwork { get; }

    /// <summary>The machine, and the mount that the folder is seen through.</summary>
    public string Host { get; }

    /// <summary>
    /// Whether nobody but this machine can use such a file system. What the runtime has no name for may be a share: that
    /// it is taken for one costs time, the other way round it would cost the one leader.
    /// </summary>
    internal static bool IsKnownToBeLocal(DriveType type) => type is DriveType.Fixed or DriveType.Ram or DriveType.Removable or DriveType.CDRom;

    /// <summary>Opens the folder, and makes sure that locks in it hold.</summary>
    /// <param name="isNetwork">As <see cref="IsNetwork"/>; by default what the operating system says, and true if it cannot tell.</param>
    public static ElectionFolder Open(string path, bool create, TimeProvider time, bool? isNetwork = null)
    {
        path = Path.GetFullPath(path);
        if (create)
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            throw new DirectoryNotFoundException(path);
        var folder = new ElectionFolder(path, time, isNetwork ?? !IsKnownToBeLocal(new DriveInfo(path).DriveType));
        folder.TestLocks();
        folder.RemoveAbandoned();
        return folder;
    }

    /// <summary>Whether the folder is still there.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not.</exception>
    public void Check()
    {
        if (!Directory.Exists(_path))
            throw new DirectoryNotFoundException(_path);
    }

    public string AlivePath(string leaseId) => Path.Combine(_path, leaseId + AliveExtension);

    public FolderWatcher Watch(Action<string> changed, Action<string> closed, Action missed) =>
        FolderWatcher.Start(_path, changed, closed, missed);

    /// <summary>Reads the lease file of an election.</summary>
    /// <returns><see langword="null"/> if there is none, or only what a power cut leaves of one that was not flushed.</returns>
    /// <exception cref="ElectionStoreException">It is corrupt, truncated or foreign.</exception>
    public LeaseFile? ReadLease(string election)
    {
        var path = Path.Combine(_path, election + LeaseExtension);
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> buffer = stackalloc byte[LeaseFile.MaxLength + 1];
            var bytes = buffer[..RandomAccess.Read(handle, buffer, 0)];
            return !IsNetwork && LeaseFile.IsBlank(bytes) ? null : LeaseFile.Parse(bytes);
        }
        catch (FileNotFoundException)
        {
            Check();
            return null;
        }
        catch (FormatException e)
        {
            ElectionTelemetry.Refused("lease file", "file");
            throw new ElectionStoreException(
                $"lease file {path} cannot be trusted: {e.Message}; nobody is elected until it is restored, or deleted while no candidate runs",
                isTransient: false,
                e);
        }
    }

    /// <summary>Replaces the lease file of an election in one step; on a network folder one that survives a power cut. Call it under the lock.</summary>
    public void WriteLease(string election, LeaseFile lease) =>
        DurableFile.Replace(Path.Combine(_path, election + LeaseExtension), lease.ToBytes(), flushes: IsNetwork);

    /// <summary>Takes the lock under which an election is read and replaced.</summary>
    public async Task<Lock> LockAsync(string election, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_path, election + LockExtension);
        TaskCompletionSource? closed = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Unix.IsLocked(path) is not true)
            {
                if (TryLock(path) is { } locked)
                    return locked;
            }
            else if (closed is null or { Task.IsCompleted: true })
            {
                // And looks once more: it may have been closed just before.
                closed = _awaited.GetOrAdd(election, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            else
            {
                // Held for about a millisecond as a rule; not every folder tells when it is closed.
                await closed.Task.WaitAsync(TimeSpan.FromMilliseconds(1 + Random.Shared.Next(4)), _time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A file was closed: if that was a lock, it is free.</summary>
    public void OnClosed(string file)
    {
        if (file.EndsWith(LockExtension, StringComparison.Ordinal) && _awaited.TryRemove(file[..^LockExtension.Length], out var closed))
            closed.SetResult();
    }

    private static Lock? TryLock(string path)
    {
        try
        {
            var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            // If the file under that name is not locked, then that is another file: ours was deleted meanwhile.
            if (Unix.IsLocked(path) is true)
                return new Lock(stream);
            stream.Dispose();
        }
        catch (IOException e) when (IsLocked(e))
        {
            // Another was faster.
        }
        return null;
    }

    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private void TestLocks()
    {
        var path = Path.Combine(_path, $".lock-test-{Guid.NewGuid():N}");
        try
        {
            using var first = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            if (AliveFile.IsAbandoned(path))
                throw new ElectionStoreException($"folder {_path}: its file system does not keep file locks, so it cannot hold an election", isTransient: false);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// Removes the leases of dead processes that no election names any more. Where one does, the file still proves the
    /// death, so that nobody has to wait the lease out.
    /// </summary>
    /// <exception cref="ElectionStoreException">A lease file cannot be trusted: it may name any of them.</exception>
    public void RemoveUnnamed()
    {
        // The locks of other machines are not always seen here.
        if (IsNetwork)
            return;
        // Those first, the names after: a lease that is named later than this lives.
        var dead = Directory.GetFiles(_path, "*" + AliveExtension).Where(AliveFile.IsDead).ToArray();
        if (dead is [])
            return;
        var named = Directory.EnumerateFiles(_path, "*" + LeaseExtension)
            .Select(path => ReadLease(Path.GetFileNameWithoutExtension(path))?.Holder?.LeaseId).ToHashSet();
        foreach (var path in dead.Where(path => !named.Contains(Path.GetFileNameWithoutExtension(path))))
            AliveFile.RemoveDead(path);
    }

    /// <summary>Removes the leases of processes that died long ago. Whoever still names one is only waited out.</summary>
    private void RemoveAbandoned()
    {
        foreach (var path in Directory.EnumerateFiles(_path, "*" + AliveExtension))
        {
            if (_time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path) > AbandonedFor)
                AliveFile.RemoveDead(path);
        }
    }

    /// <summary>The lock of one election, with the last token in it.</summary>
    internal sealed class Lock(FileStream stream) : IDisposable
    {
        /// <summary>The highest token ever issued here; 0 if this is the first time.</summary>
        public long ReadToken()
        {
            Span<byte> bytes = stackalloc byte[32];
            stream.Position = 0;
            return long.TryParse(Encoding.ASCII.GetString(bytes[..stream.Read(bytes)]), NumberStyles.None, CultureInfo.InvariantCulture, out var token) && token <= LeaseFile.MaxToken ? token : 0;
        }

        /// <summary>Notes the token that is issued next. It survives a power cut, also on a file system that flushes nothing else.</summary>
        public void WriteToken(long token)
        {
            // Before the first token, so that no token stands in a file that a power cut can still take away.
            if (stream.Length == 0)
                DurableFile.FlushFolderOf(stream.Name);
            stream.Position = 0;
            stream.Write(Encoding.ASCII.GetBytes(token.ToString("D20", CultureInfo.InvariantCulture)));
            DurableFile.FlushContent(stream.SafeFileHandle);
        }

        public void Dispose() => stream.Dispose();
    }
}
