using System.Buffers.Binary;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>Cuts what a server sends into frames: a length, and that many bytes.</summary>
internal sealed class FrameReader(Stream stream)
{
    /// <summary>As long as a frame may be; the children of an election with 50,000 candidates fit.</summary>
    public const int LongestFrame = 4 * 1024 * 1024;

    private byte[] _buffer = new byte[8192];
    private int _start;
    private int _end;

    /// <summary>The next frame; its bytes stay until the next call.</summary>
    /// <exception cref="EndOfStreamException">The server closed the connection.</exception>
    /// <exception cref="InvalidDataException">What came is no frame.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        await FillAsync(4, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
        if (length is < 0 or > LongestFrame)
            throw new InvalidDataException($"it sent a frame of {length} bytes, at most {LongestFrame} are allowed; is it a ZooKeeper server without TLS?");
        _start += 4;
        await FillAsync(length, cancellationToken).ConfigureAwait(false);
        var frame = _buffer.AsMemory(_start, length);
        _start += length;
        return frame;
    }

    private async ValueTask FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_end - _start >= count)
            return;
        if (_buffer.Length - _start < count)
        {
            // Grows with what has come, not with what was announced.
            var rest = _buffer.AsSpan(_start, _end - _start);
            rest.CopyTo(_buffer);
            (_start, _end) = (0, rest.Length);
        }
        while (_end - _start < count)
        {
            if (_end == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LongestFrame + 4));
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw new EndOfStreamException("the server closed the connection");
            _end += read;
        }
    }
}
