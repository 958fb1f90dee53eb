using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.FileSystem;

/// <summary>What .NET has no call for.</summary>
internal static partial class Unix
{
    public const uint Modify = 0x2;
    public const uint CloseWrite = 0x8;
    public const uint MovedTo = 0x80;
    public const uint Delete = 0x200;
    public const uint DeleteSelf = 0x400;
    public const uint Unmount = 0x2000;
    public const uint QueueOverflow = 0x4000;
    public const uint Ignored = 0x8000;

    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
    private const int ReadOnly = 0;
    private const int NoSuchFile = 2;
    private const int SharedLock = 1;
    private const int NonBlocking = 4;

    /// <summary>Opens a file for reading past the locks that .NET takes and respects on every open.</summary>
    public static SafeFileHandle OpenUnlocked(string path)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var handle = open(path, ReadOnly | CloseOnExec);
        if (!handle.IsInvalid)
            return handle;
        var error = Marshal.GetLastPInvokeError();
        throw error == NoSuchFile
            ? new FileNotFoundException(null, path)
            : new IOException($"cannot read {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    /// <summary>Whether somebody holds the lock that .NET takes on a file that is not shared. No exception tells: it would take longer than all else here.</summary>
    /// <returns><see langword="null"/> when there is no such file.</returns>
    public static bool? IsLocked(string path)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return IsLockedElsewhere(path);
        using var handle = open(path, ReadOnly | CloseOnExec);
        if (handle.IsInvalid)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                NoSuchFile => null,
                13 => throw new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
                // Who cannot look does not know it to be free.
                _ => true,
            };
        }
        // A lock that is shared with others who ask the same, but not with the owner's.
        return flock(handle, SharedLock | NonBlocking) != 0 && Marshal.GetLastPInvokeError() is 11 or 35;
    }

    /// <summary>The device of the file system that a folder is on, as Linux counts them.</summary>
    /// <returns><see langword="null"/> when that cannot be known.</returns>
    public static string? DeviceOf(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        using var handle = open(folder, ReadOnly | CloseOnExec);
        const string field = "mnt_id:";
        try
        {
            if (handle.IsInvalid || File.ReadLines($"/proc/self/fdinfo/{handle.DangerousGetHandle()}").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal)) is not { } line)
                return null;
            var mount = line[field.Length..].Trim() + " ";
            return File.ReadLines("/proc/self/mountinfo").FirstOrDefault(l => l.StartsWith(mount, StringComparison.Ordinal))?.Split(' ') is [_, _, var device, ..]
                ? device.Replace(':', '-')
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static SafeFileHandle InotifyInit() => inotify_init1(CloseOnExec);

    public static int InotifyAddWatch(SafeFileHandle inotify, string path, uint mask) => inotify_add_watch(inotify, path, mask);

    public static void InotifyRemoveWatch(SafeFileHandle inotify, int watch) => _ = inotify_rm_watch(inotify, watch);

    public static nint Read(SafeFileHandle handle, Span<byte> buffer) => read(handle, buffer, (nuint)buffer.Length);

    private static bool? IsLockedElsewhere(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle handle, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle handle, Span<byte> buffer, nuint count);
}
