using LeaderElection.FileSystem;

namespace LeaderElection.Raft;

/// <summary>The folder of a member: its state, and a lock that no second process of the same member gets.</summary>
internal sealed class StateFolder : IDisposable
{
    private readonly FileStream _lock;

    private StateFolder(string path, FileStream @lock)
    {
        _lock = @lock;
        File = new StateFile(Path.Combine(path, "state"));
    }

    public StateFile File { get; }

    /// <exception cref="ElectionStoreException">The folder cannot be used, or another process uses it.</exception>
    public static StateFolder Open(string path, string member)
    {
        path = Path.GetFullPath(path);
        try
        {
            DurableFile.CreateFolder(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
        var file = Path.Combine(path, "lock");
        try
        {
            return new StateFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (IsLocked(file))
        {
            throw new ElectionStoreException($"member {member} runs already: another process uses its state in {path}", isTransient: false, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }
    }

    public static ElectionStoreException Unusable(string path, Exception e) =>
        new($"the state of the member cannot be kept in {path}: {e.Message}", isTransient: false, e);

    public void Dispose()
    {
        File.Dispose();
        _lock.Dispose();
    }

    private static bool IsLocked(string path)
    {
        try
        {
            using var handle = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
