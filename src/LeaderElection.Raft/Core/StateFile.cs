using LeaderElection.FileSystem;
using Microsoft.Win32.SafeHandles;

namespace LeaderElection.Raft;

/// <summary>
/// Where a member keeps what it must never forget. A vote is written into a slot behind the state, in place: flushing that
/// takes a third of the time of a new file, and does not grow with the elections. When the slots are full all is written anew.
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

    /// <summary>Saves the state; when it returns, it survives a power cut.</summary>
    public void Save(MemberState state)
    {
        if (Changes(state) is { } changes && changes.Count <= StateCodec.Slots - _used)
            Append(changes);
        else
            Replace(state);
    }

    public void Dispose() => Forget();

    /// <returns>The votes that are new; <see langword="null"/> when there is no file that they could be added to.</returns>
    private List<MemberState.Ballot>? Changes(MemberState state)
    {
        if (_base is null || state.Incarnation != _base.Incarnation || state.Cluster != _base.Cluster || state.Member != _base.Member
            || state.Votes.Count < _saved.Count || !File.Exists(path))
            return null;
        return [.. state.Votes.Where(b => !_saved.TryGetValue(b.Election, out var saved) || saved != b)];
    }

    private void Append(List<MemberState.Ballot> changes)
    {
        var bytes = new byte[changes.Count * StateCodec.SlotLength];
        for (var i = 0; i < changes.Count; i++)
            StateCodec.WriteSlot(_head, changes[i], bytes.AsSpan(i * StateCodec.SlotLength, StateCodec.SlotLength));
        try
        {
            RandomAccess.Write(_handle!, bytes, StateCodec.SlotsAt(_head) + (_used * StateCodec.SlotLength));
            DurableFile.FlushContent(_handle!);
        }
        catch
        {
            // What stands there now, nobody knows: the next attempt begins with a new file.
            Forget();
            throw;
        }
        _used += changes.Count;
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
