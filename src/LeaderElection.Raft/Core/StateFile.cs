using LeaderElection.FileSystem;

namespace LeaderElection.Raft;

/// <summary>Where a member keeps what it must never forget.</summary>
internal sealed class StateFile(string path)
{
    /// <summary>Reads what this member saved last.</summary>
    /// <returns><see langword="null"/> if the file is not there: the member never voted.</returns>
    /// <exception cref="ElectionStoreException">
    /// It is damaged, or another member's. The member must not start: it would vote without knowing how it has voted.
    /// </exception>
    public MemberState? Load(string cluster, string member)
    {
        MemberState state;
        try
        {
            using var handle = File.OpenHandle(path);
            var length = RandomAccess.GetLength(handle);
            var bytes = new byte[Math.Min(length, StateCodec.MaxLength + 1)];
            var read = RandomAccess.Read(handle, bytes, 0);
            state = StateCodec.Read(bytes.AsSpan(0, read));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (FormatException e)
        {
            throw Refuse($"cannot be trusted: {e.Message}; restore it, or give the member a new id on every member's list", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refuse($"cannot be read: {e.Message}", e);
        }
        if (state.Cluster != cluster || state.Member != member)
            throw Refuse($"belongs to member {state.Member} of cluster '{state.Cluster}', not to {member} of '{cluster}'");
        return state;
    }

    /// <summary>Replaces what was saved; when it returns, it survives a power cut.</summary>
    public void Save(MemberState state) => DurableFile.Replace(path, StateCodec.Write(state));

    private ElectionStoreException Refuse(string problem, Exception? inner = null) =>
        new($"state file {path} {problem}", isTransient: false, inner);
}
