using System.Net;
using LeaderElection.Leases;

namespace LeaderElection.Etcd;

/// <summary>Requests that are sent over one stream, one after the other as they are asked for, until it is closed.</summary>
internal sealed class EtcdRequestBody(TimeProvider time, CancellationToken closed) : HttpContent
{
    private readonly Lock _lock = new();
    private readonly AsyncSignal _signal = new();
    private MemoryStream _frames = new();
    private bool _isSent;

    public void Send(byte[] frame)
    {
        lock (_lock) _frames.Write(frame);
        _signal.Set();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // What was sent over a connection that then refused it is not there any more.
        if (Interlocked.Exchange(ref _isSent, true))
            throw new IOException("the stream was refused");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(closed, cancellationToken);
        while (true)
        {
            await _signal.WaitAsync(Timeout.InfiniteTimeSpan, time, stop.Token).ConfigureAwait(false);
            MemoryStream frames;
            lock (_lock)
            {
                frames = _frames;
                _frames = new MemoryStream();
            }
            await stream.WriteAsync(frames.GetBuffer().AsMemory(0, (int)frames.Length), stop.Token).ConfigureAwait(false);
            await stream.FlushAsync(stop.Token).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
