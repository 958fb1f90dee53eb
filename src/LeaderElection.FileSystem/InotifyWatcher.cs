using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.FileSystem;

/// <summary>
/// Linux's inotify, asked for what <see cref="FileSystemWatcher"/> leaves out: a file that was open for writing was
/// closed, which the kernel also tells when it ends a process. One thread per folder and process.
/// </summary>
internal sealed class InotifyWatcher : FolderWatcher
{
    private const int HeaderLength = 16;

    private readonly SafeFileHandle _inotify;
    private readonly int _watch;
    private volatile bool _disposed;

    public InotifyWatcher(string folder, Action<string> changed, Action<string> closed, Action missed)
        : base(changed, closed, missed)
    {
        _inotify = Unix.InotifyInit();
        if (_inotify.IsInvalid)
            throw Failure("cannot watch files");
        _watch = Unix.InotifyAddWatch(
            _inotify, folder, Unix.Modify | Unix.CloseWrite | Unix.MovedTo | Unix.Delete | Unix.DeleteSelf);
        if (_watch < 0)
        {
            _inotify.Dispose();
            throw Failure($"cannot watch {folder}");
        }
        new Thread(Read) { IsBackground = true, Name = "LeaderElection folder watcher" }.Start();
    }

    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        try
        {
            // Removing the watch makes a last event, which wakes the reader.
            Unix.InotifyRemoveWatch(_inotify, _watch);
        }
        catch (ObjectDisposedException)
        {
            // The reader has ended already: the folder is gone, or other news woke it just now.
        }
    }

    private static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    private void Read()
    {
        Span<byte> buffer = stackalloc byte[16 * 1024];
        using (_inotify)
        {
            while (!_disposed)
            {
                var length = (int)Unix.Read(_inotify, buffer);
                // Interrupted by a signal: again.
                if (length < 0 && Marshal.GetLastPInvokeError() == 4)
                    continue;
                if (length <= 0 || !Dispatch(buffer[..length]))
                    break;
            }
        }
        IsWatching = false;
        if (!_disposed)
            Missed();
    }

    /// <summary>Passes the events on.</summary>
    /// <returns>Whether there will be more.</returns>
    private bool Dispatch(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderLength && !_disposed)
        {
            var mask = BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
            var nameLength = (int)BinaryPrimitives.ReadUInt32LittleEndian(events[12..]);
            var name = Encoding.UTF8.GetString(events.Slice(HeaderLength, nameLength).TrimEnd((byte)0));
            events = events[(HeaderLength + nameLength)..];
            if ((mask & (Unix.Ignored | Unix.DeleteSelf | Unix.Unmount)) != 0)
                return false;
            if ((mask & Unix.QueueOverflow) != 0)
                Missed();
            else if ((mask & Unix.CloseWrite) != 0)
                Closed(name);
            else
                Changed(name);
            if ((mask & Unix.Delete) != 0)
                Closed(name);
        }
        return true;
    }
}
