using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>Looks services up in configuration, at <c>services:NAME:SCHEME:INDEX</c>, which is where an AppHost writes them.</summary>
internal sealed class ConfiguredEndpoints(IConfiguration configuration)
{
    /// <summary>The address to use instead, or the given one when no such service is configured.</summary>
    public Uri Resolve(Uri address)
    {
        // "https+http" prefers the first; "_name.service" picks the endpoint of that name.
        var host = address.Host;
        var names = address.Scheme.Split('+');
        if (host.StartsWith('_') && host.IndexOf('.', StringComparison.Ordinal) is > 1 and var dot)
        {
            names = [host[1..dot]];
            host = host[(dot + 1)..];
        }

        var service = configuration.GetSection($"services:{host}");
        foreach (var name in names)
        {
            var endpoint = service.GetSection(name).GetChildren().FirstOrDefault(child => child.Value is { Length: > 0 });
            if (Uri.TryCreate(endpoint?.Value, UriKind.Absolute, out var found))
                return new UriBuilder(address) { Scheme = found.Scheme, Host = found.Host, Port = found.Port }.Uri;
        }
        return address.Scheme.Contains('+', StringComparison.Ordinal)
            ? new UriBuilder(address) { Scheme = names[0], Port = address.Port }.Uri
            : address;
    }
}
