using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.FileSystem;

/// <summary>Files that survive a power cut. Compiled into each package that needs it.</summary>
internal static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>Replaces a file in one step: after a power cut either the old content stands there or the new one.</summary>
    /// <param name="flushes">
    /// Without, the step is one only to those who read the file: after a power cut it may also be gone, empty, or zeros.
    /// </param>
    public static void Replace(string path, ReadOnlySpan<byte> content, bool flushes = true)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                stream.Write(content);
                stream.Flush(flushes);
            }
            Move(temporary, path);
            if (flushes)
                FlushFolderOf(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Windows denies access for the moment in which somebody reads the file: that passes, unlike a missing right.</summary>
    private static void Move(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: true);
        }
        catch (UnauthorizedAccessException e) when (OperatingSystem.IsWindows())
        {
            throw new IOException($"cannot replace {to}, which may be being read: {e.Message}", e);
        }
    }

    /// <summary>Creates a folder, with those that it is in, so that it survives a power cut.</summary>
    public static void CreateFolder(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(path))
            return;
        if (Path.GetDirectoryName(path) is { } parent)
            CreateFolder(parent);
        Directory.CreateDirectory(path);
        FlushFolderOf(path);
    }

    /// <summary>Makes what was written to a file survive a power cut, and its length, but no other attribute.</summary>
    public static void FlushContent(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            RandomAccess.FlushToDisk(file);
        else if (fdatasync(file) != 0)
            throw new IOException($"cannot flush: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Makes the creation or renaming of a file survive a power cut.</summary>
    public static void FlushFolderOf(string file)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return;
        var path = Path.GetDirectoryName(Path.GetFullPath(file))!;
        using var handle = open(path, ReadOnly);
        if (handle.IsInvalid || fsync(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            // Some network file systems know no flush of folders: there the rename itself is the flush.
            if (error is not 22)
                throw new IOException($"cannot flush {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle handle);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle handle);
}
