using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.Tests.Races;

/// <summary>Whether the other threads of this process run, as the kernel sees it; where it does not tell (it is not Linux), none does.</summary>
internal sealed class ThreadStates : IDisposable
{
    private readonly Dictionary<int, SafeFileHandle> _threads = [];
    private readonly byte[] _line = new byte[128];
    private readonly int _own = Id;
    private int _known;

    /// <summary>Of the calling thread; 0 where there is none.</summary>
    public static int Id => OperatingSystem.IsLinux() ? GetThreadId() : 0;

    /// <summary>Whether any thread but the caller's and these runs, or could.</summary>
    public bool AnyRuns(HashSet<int> except)
    {
        if (_own == 0)
            return false;
        Refresh();
        foreach (var (id, stat) in _threads)
        {
            if (id != _own && !except.Contains(id) && Runs(stat))
                return true;
        }
        return false;
    }

    /// <summary>Whether a thread waits for anything at all but a disk.</summary>
    public bool Waits(Thread thread, int id)
    {
        if (_own == 0)
            return thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);
        if (!_threads.TryGetValue(id, out var stat))
        {
            // One that is not of the pool.
            _known = 0;
            Refresh();
        }
        return (stat ?? _threads.GetValueOrDefault(id)) is { } known && !Runs(known);
    }

    public void Dispose()
    {
        foreach (var stat in _threads.Values)
            stat.Dispose();
        _threads.Clear();
    }

    /// <summary>New ones are of the pool, nearly always.</summary>
    private void Refresh()
    {
        if (ThreadPool.ThreadCount is var count && count == _known)
            return;
        _known = count;
        Dispose();
        foreach (var folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                _threads.Add(int.Parse(Path.GetFileName(folder)), File.OpenHandle(Path.Combine(folder, "stat")));
            }
            catch (IOException)
            {
                // It has ended.
            }
        }
    }

    private bool Runs(SafeFileHandle stat)
    {
        try
        {
            var text = Encoding.ASCII.GetString(_line, 0, RandomAccess.Read(stat, _line, 0));
            // "ID (NAME) STATE …": R is for those that run or would if there was a processor for them, D for those at a disk.
            return text.LastIndexOf(')') is > 0 and var end && end + 2 < text.Length && text[end + 2] is 'R' or 'D';
        }
        catch (IOException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "gettid")]
    private static extern int GetThreadId();
}
