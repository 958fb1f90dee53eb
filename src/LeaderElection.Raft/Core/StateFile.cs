using LeaderElection.FileSystem;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.Raft;

/// <summary>
/// Where a member keeps what it must never forget. Votes are written into a slot behind the state, in place: flushing that
/// takes a third of the time of a new file, and does not grow with the elections. When the slots are full, or one is too
/// small, all is written anew.
/// </summary>
internal sealed class StateFile(string path) : IDisposable
{
    private readonly Dictionary<string, MemberState.Ballot> _saved = [];
    private MemberState? _base;
    private byte[] _head = [];
    private SafeFileHandle? _handle;
    private int _used;

    /// <summary>Reads what this member saved last.</summary>
    /// <returns><see langword="null"/> if the file is not there: the member never voted.</returns>
    /// <exception cref="ElectionStoreException">
    /// It is damaged, another member's, or of another list of members. The member must not start: it would vote without knowing how it has voted.
    /// </exception>
    public MemberState? Load(RaftConfiguration configuration)
    {
        var (cluster, member) = (configuration.Cluster, configuration.Self);
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
            throw Refuse($"cannot be trusted: {e.Message}; do not restore it from a copy, which does not hold the last votes: empty the folder, and the member is let in again once it has links to all others", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refuse($"cannot be read: {e.Message}", e);
        }
        if (state.Cluster != cluster || state.Member != member)
            throw Refuse($"belongs to member {state.Member} of cluster '{state.Cluster}', not to {member} of '{cluster}'");
        if (state.WhyNot(configuration) is { } reason)
            throw Refuse(reason);
        return state;
    }

    /// <summary>Saves the state; when it returns, it survives a power cut.</summary>
    public void Save(MemberState state)
    {
        var changes = Changes(state);
        if (changes is [])
            return;
        if (changes is not null && _used < StateCodec.Slots && StateCodec.Slot(_head, changes) is { } slot)
            Append(changes, slot);
        else
            Replace(state);
    }

    public void Dispose() => Forget();

    /// <returns>The votes that are new; <see langword="null"/> when there is no file that they could be added to.</returns>
    private List<MemberState.Ballot>? Changes(MemberState state)
    {
        if (_base is null || !state.HasHeadOf(_base)
            || state.Votes.Count < _saved.Count || !File.Exists(path))
            return null;
        return [.. state.Votes.Where(b => !_saved.TryGetValue(b.Election, out var saved) || saved != b)];
    }

    private void Append(List<MemberState.Ballot> changes, byte[] slot)
    {
        try
        {
            RandomAccess.Write(_handle!, slot, StateCodec.SlotsAt(_head) + (_used * StateCodec.SlotLength));
            DurableFile.FlushContent(_handle!);
        }
        catch
        {
            // What stands there now, nobody knows: the next attempt begins with a new file.
            Forget();
            throw;
        }
        _used++;
        foreach (var ballot in changes)
            _saved[ballot.Election] = ballot;
    }

    private void Replace(MemberState state)
    {
        // Not every system replaces a file that is open.
        Forget();
        var bytes = StateCodec.Write(state);
        DurableFile.Replace(path, bytes);
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _head = bytes[..StateCodec.SlotsAt(bytes)];
        foreach (var ballot in state.Votes)
            _saved.Add(ballot.Election, ballot);
        _base = state;
    }

    private void Forget()
    {
        _base = null;
        _used = 0;
        _saved.Clear();
        _handle?.Dispose();
        _handle = null;
    }

    private ElectionStoreException Refuse(string problem, Exception? inner = null) =>
        new($"state file {path} {problem}", isTransient: false, inner);
}
