using System.Globalization;
using System.Text;

namespace LeaderElection.FileSystem;

/// <summary>
/// The lease of a process: a file that it keeps locked while it lives and writes at each renewal, in place, so that
/// the lock stays on it. The kernel drops the lock with the process, however that dies.
/// </summary>
/// <remarks>
/// One line of fixed length: <c>COUNT SENT checksum</c>, the count of renewals and the monotonic timestamp from before
/// the last of them, both as 20 digits. A timestamp means something only to processes of the same boot of the same
/// machine; others go by the count.
/// </remarks>
internal sealed class AliveFile : IDisposable
{
    private const int Length = 20 + 1 + 20 + 1 + LeaseFile.ChecksumLength + 1;

    private readonly byte[] _line = new byte[Length];
    private readonly FileStream _stream;
    private readonly bool _flushes;
    private long _count;

    private AliveFile(string path, FileStream stream, bool flushes)
    {
        Path = path;
        _stream = stream;
        _flushes = flushes;
    }

    public string Path { get; }

    /// <summary>Creates the file and locks it.</summary>
    /// <param name="flushes">
    /// Whether renewals go through to the disk: other machines see them there. On this one all see them anyhow, and no
    /// holder outlives a power cut that would lose them.
    /// </param>
    public static AliveFile Create(string path, long sent, bool flushes)
    {
        // On Unix only "none" is a lock that excludes; on Windows it would keep readers out, and "read" excludes enough, while
        // the file could not be deleted as long as it is held.
        var share = OperatingSystem.IsWindows() ? FileShare.Read | FileShare.Delete : FileShare.None;
        var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, share, bufferSize: 0);
        var alive = new AliveFile(path, stream, flushes);
        try
        {
            alive.Renew(sent);
            return alive;
        }
        catch
        {
            alive.Delete();
            alive.Dispose();
            throw;
        }
    }

    /// <summary>Writes a renewal.</summary>
    /// <param name="sent">The timestamp from before the renewal began.</param>
    public void Renew(long sent)
    {
        Format(++_count, sent, _line);
        _stream.Position = 0;
        _stream.Write(_line);
        _stream.Flush(_flushes);
    }

    /// <summary>Whether the file still stands under its name.</summary>
    public bool StillThere() => File.Exists(Path);

    /// <summary>Reads the last renewal of another process.</summary>
    /// <returns><see langword="null"/> when the file is gone, or was caught in the middle of a write.</returns>
    public static (long Count, long Sent)? Read(string path)
    {
        try
        {
            using var handle = Unix.OpenUnlocked(path);
            Span<byte> bytes = stackalloc byte[128];
            return Parse(bytes[..RandomAccess.Read(handle, bytes, 0)]);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <returns><see langword="null"/> when it is not, to the last byte, what is written.</returns>
    internal static (long Count, long Sent)? Parse(ReadOnlySpan<byte> bytes) =>
        Encoding.ASCII.GetString(bytes).Split(' ') is [var count, var sent, _]
        && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var c)
        && long.TryParse(sent, NumberStyles.None, CultureInfo.InvariantCulture, out var s)
        && bytes.SequenceEqual(ToBytes(c, s))
            ? (c, s)
            : null;

    internal static byte[] ToBytes(long count, long sent)
    {
        var line = new byte[Length];
        Format(count, sent, line);
        return line;
    }

    private static void Format(long count, long sent, Span<byte> line)
    {
        count.TryFormat(line, out _, "D20", CultureInfo.InvariantCulture);
        line[20] = (byte)' ';
        sent.TryFormat(line[21..], out _, "D20", CultureInfo.InvariantCulture);
        line[41] = (byte)' ';
        LeaseFile.Checksum(line[..41], line[42..]);
        line[^1] = (byte)'\n';
    }

    /// <summary>Whether nobody holds the lock: then the process that did is dead, or has given the lease up.</summary>
    public static bool IsAbandoned(string path) => Unix.IsLocked(path) is false;

    /// <summary>Whether its process has locked it and written to it, and has died since. One that is just being created is neither.</summary>
    public static bool IsDead(string path) => new FileInfo(path) is { Exists: true, Length: > 0 } && IsAbandoned(path);

    /// <summary>Removes a dead process's file, under its lock. Nothing else comes under this name: its id is random.</summary>
    public static void RemoveDead(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            File.Delete(path);
        }
        catch (IOException)
        {
            // Locked or gone: it lives, or another removes it.
        }
    }

    /// <summary>Removes the file; for when every election of the lease was given back.</summary>
    public void Delete() => File.Delete(Path);

    /// <summary>Gives the lease up: the lock goes.</summary>
    public void Dispose() => _stream.Dispose();
}
