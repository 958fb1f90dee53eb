using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.StandIn.Dashboard;

/// One call of gRPC over HTTP/2: messages with a prefix of five bytes (compressed or not, length), and a status at the end.
internal sealed class GrpcCall
{
    private const int PrefixLength = 5;
    private const int MaximumRequest = 1024 * 1024;

    private readonly HttpContext _context;

    /// <param name="cancelled">Cancelled when the client goes, or the service ends.</param>
    public GrpcCall(HttpContext context, CancellationToken cancelled)
    {
        _context = context;
        Cancelled = cancelled;
        context.Response.ContentType = "application/grpc";
    }

    public CancellationToken Cancelled { get; }

    public async Task<T> ReadAsync<T>(MessageParser<T> parser) where T : IMessage<T>
    {
        var prefix = new byte[PrefixLength];
        await _context.Request.Body.ReadExactlyAsync(prefix, Cancelled);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (prefix[0] != 0)
            throw new GrpcException(GrpcStatus.Unimplemented, "Compressed messages are not understood.");

        if (length > MaximumRequest)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"A message may have {MaximumRequest} bytes.");

        var message = new byte[length];
        await _context.Request.Body.ReadExactlyAsync(message, Cancelled);
        return parser.ParseFrom(message);
    }

    /// Waits while the client is slow: what is not taken does not pile up here.
    public async Task WriteAsync(IMessage message)
    {
        var length = message.CalculateSize();
        var buffer = new byte[PrefixLength + length];
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(1), (uint)length);
        message.WriteTo(buffer.AsSpan(PrefixLength));
        await _context.Response.Body.WriteAsync(buffer, Cancelled);
        await _context.Response.Body.FlushAsync(Cancelled);
    }

    public void End(GrpcStatus status, string? message = null)
    {
        var code = ((int)status).ToString(CultureInfo.InvariantCulture);
        if (_context.Response.HasStarted)
        {
            _context.Response.AppendTrailer("grpc-status", code);
            return;
        }

        // Where nothing else was sent, the status comes in the headers.
        _context.Response.Headers["grpc-status"] = code;
        if (message is not null)
            _context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
    }
}
