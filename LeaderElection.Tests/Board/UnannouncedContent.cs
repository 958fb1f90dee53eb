using System.Net;

namespace LeaderElection.Tests.Board;

/// <summary>A body whose length is not announced: it goes out in chunks.</summary>
internal sealed class UnannouncedContent(int length) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        stream.WriteAsync(Enumerable.Repeat((byte)'x', length).ToArray()).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
