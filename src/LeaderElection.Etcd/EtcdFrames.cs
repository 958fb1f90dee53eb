using System.Buffers.Binary;
using LeaderElection.Etcd.Protocol;

namespace LeaderElection.Etcd;

/// <summary>Takes the messages out of what comes, as gRPC frames them.</summary>
internal sealed class EtcdFrames(Stream stream)
{
    /// <summary>An answer to the largest transaction of elections, with the longest names, is far smaller.</summary>
    public const int MaxLength = 16 << 20;

    private byte[] _buffer = new byte[1024];
    private int _start;
    private int _end;

    /// <returns>The next message, good until the one after it is asked for; <see langword="null"/> at the end.</returns>
    /// <exception cref="EtcdFailure">It is too long, or ends in its middle.</exception>
    public async ValueTask<ArraySegment<byte>?> NextAsync(CancellationToken stop)
    {
        if (!await FillAsync(EtcdMessage.FrameHeader, stop).ConfigureAwait(false))
            return _end == _start ? null : throw EtcdFailure.Senseless();
        var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        // Compressed would be 1, and was not asked for.
        if (_buffer[_start] != 0)
            throw EtcdFailure.Senseless();
        if (length > MaxLength)
            throw EtcdFailure.TooLong(MaxLength);
        _start += EtcdMessage.FrameHeader;
        if (!await FillAsync((int)length, stop).ConfigureAwait(false))
            throw EtcdFailure.Senseless();
        var message = new ArraySegment<byte>(_buffer, _start, (int)length);
        _start += (int)length;
        return message;
    }

    /// <returns>Whether so many bytes came.</returns>
    private async ValueTask<bool> FillAsync(int count, CancellationToken stop)
    {
        while (_end - _start < count)
        {
            if (_buffer.Length - _start < count)
                MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), stop).ConfigureAwait(false);
            if (read == 0)
                return false;
            _end += read;
        }
        return true;
    }

    /// <summary>Grows with what has come, not with what a length promises.</summary>
    private void MakeRoom()
    {
        if (_start > 0)
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _end);
    }
}
