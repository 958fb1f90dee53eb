using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.StandIn;

/// Gives every endpoint its address. A proxied one has a public port, served by a forwarder, and each replica a port of its own.
internal sealed class EndpointAllocator(IConfiguration configuration) : IAsyncDisposable
{
    private readonly List<TcpForwarder> _forwarders = [];
    private readonly Dictionary<IResource, DistributedApplicationException> _failures = [];

    public void Allocate(IReadOnlyList<Replica> replicas)
    {
        // Set by the testing builder, so that tests do not meet on fixed ports.
        var randomize = configuration.GetValue<bool>("DcpPublisher:RandomizePorts");

        foreach (var group in replicas.GroupBy(replica => replica.Resource))
        {
            foreach (var endpoint in group.Key.Annotations.OfType<EndpointAnnotation>())
                Allocate(endpoint, [.. group], randomize);
        }
    }

    /// A port that somebody else has is the trouble of the resource that wanted it, not of the application.
    public void ThrowIfFailed(IResource resource)
    {
        if (_failures.TryGetValue(resource, out var failure))
            throw failure;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var forwarder in _forwarders)
            await forwarder.DisposeAsync();

        _forwarders.Clear();
    }

    private void Allocate(EndpointAnnotation endpoint, IReadOnlyList<Replica> replicas, bool randomize)
    {
        var name = replicas[0].Resource.Name;
        if (!endpoint.IsProxied)
        {
            if (replicas.Count > 1)
                throw new DistributedApplicationException($"Resource '{name}' uses multiple replicas and a proxy-less endpoint '{endpoint.Name}'. These features do not work together.");

            var fixedPort = endpoint.TargetPort ?? endpoint.Port
                ?? throw new DistributedApplicationException($"Service '{name}' needs to specify a port for endpoint '{endpoint.Name}' since it isn't using a proxy.");

            Set(endpoint, fixedPort);
            replicas[0].TargetPorts[endpoint.Name] = fixedPort;
            return;
        }

        foreach (var replica in replicas)
            replica.TargetPorts[endpoint.Name] = endpoint.TargetPort is { } target && replicas.Count == 1 ? target : FreePort.Next();

        var port = randomize ? FreePort.Next() : endpoint.Port ?? FreePort.Next();
        Set(endpoint, port);
        try
        {
            _forwarders.Add(new(port, () => [.. replicas.Where(replica => replica.IsRunning).Select(replica => replica.TargetPorts[endpoint.Name])]));
        }
        catch (DistributedApplicationException e)
        {
            _failures[replicas[0].Resource] = e;
        }
    }

    private static void Set(EndpointAnnotation endpoint, int port) =>
        endpoint.AllocatedEndpoint = new(endpoint, endpoint.TargetHost, port);
}
