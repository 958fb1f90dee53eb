using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Aspire.Hosting;

namespace LeaderElection.Tests.StandIns;

/// What the dashboard is to an AppHost: a client of its resource service, by gRPC on HTTP/2 without TLS.
internal sealed class ResourceServiceClient : IDisposable
{
    private const int PrefixLength = 5;

    private readonly HttpClient _client;

    public ResourceServiceClient(Uri address, string? key)
    {
        // A connection of its own for each client, as each dashboard has.
        _client = new(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (key is not null)
            _client.DefaultRequestHeaders.Add("x-resource-service-api-key", key);
    }

    /// A client with the key of an application that is about to be built.
    public static ResourceServiceClient For(IDistributedApplicationBuilder builder) => new(AddressOf(builder), builder.Configuration["AppHost:ResourceService:ApiKey"]);

    public static Uri AddressOf(IDistributedApplicationBuilder builder) => new(builder.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]!);

    /// One answer at most, and the status.
    public async Task<(int Status, ProtoMessage? Reply)> CallAsync(string method, ProtoMessage request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var reply = await ReadAsync(body, cancellationToken);
        await body.CopyToAsync(Stream.Null, cancellationToken);
        return (StatusOf(response), reply);
    }

    /// All answers. The status is to be that all went well.
    public async IAsyncEnumerable<ProtoMessage> StreamAsync(string method, ProtoMessage request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        while (await ReadAsync(body, cancellationToken) is { } message)
            yield return message;

        Assert.Equal(0, StatusOf(response));
    }

    /// Every resource, the initial ones and then each that changes.
    public async IAsyncEnumerable<ProtoMessage> WatchResourcesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var update in StreamAsync("WatchResources", new(), cancellationToken))
        {
            foreach (var resource in update.Message(1).Messages(1).Concat(update.Message(2).Messages(1).Select(change => change.Message(2))))
                yield return resource;
        }
    }

    public Task<ProtoMessage> WaitForAsync(string name, string state, CancellationToken cancellationToken) => WaitForAsync(
        resource => resource.Text(ResourceFields.Name).StartsWith(name, StringComparison.Ordinal) && resource.Text(ResourceFields.State) == state, cancellationToken);

    public async Task<ProtoMessage> WaitForAsync(Func<ProtoMessage, bool> matches, CancellationToken cancellationToken)
    {
        await foreach (var resource in WatchResourcesAsync(cancellationToken))
        {
            if (matches(resource))
                return resource;
        }

        throw new InvalidOperationException("The stream ended before the resource was as expected.");
    }

    public async Task<(long Kind, string Message)> ExecuteAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var (status, reply) = await CallAsync("ExecuteResourceCommand", new ProtoMessage().With(1, command).With(2, resource), cancellationToken);
        Assert.Equal(0, status);
        return (reply!.Number(1), reply.Text(3));
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(string method, ProtoMessage request, CancellationToken cancellationToken)
    {
        var bytes = request.ToArray();
        var body = new byte[PrefixLength + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), bytes.Length);
        bytes.CopyTo(body, PrefixLength);
        var post = new HttpRequestMessage(HttpMethod.Post, $"/aspire.v1.DashboardService/{method}")
        {
            Content = new ByteArrayContent(body),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        post.Content.Headers.ContentType = new("application/grpc");
        post.Headers.TE.Add(new("trailers"));
        return await _client.SendAsync(post, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static int StatusOf(HttpResponseMessage response) => int.Parse(
        (response.Headers.TryGetValues("grpc-status", out var values) ? values : response.TrailingHeaders.GetValues("grpc-status")).Single(),
        CultureInfo.InvariantCulture);

    private static async Task<ProtoMessage?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixLength];
        if (await body.ReadAtLeastAsync(prefix, PrefixLength, throwOnEndOfStream: false, cancellationToken) < PrefixLength)
            return null;

        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await body.ReadExactlyAsync(message, cancellationToken);
        return ProtoMessage.Parse(message);
    }
}
