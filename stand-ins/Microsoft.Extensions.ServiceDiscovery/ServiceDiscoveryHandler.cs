namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>Sends a request for <c>http://name</c> to where that service is.</summary>
internal sealed class ServiceDiscoveryHandler(ConfiguredEndpoints endpoints) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is { } address)
            request.RequestUri = endpoints.Resolve(address);
        return base.SendAsync(request, cancellationToken);
    }
}
