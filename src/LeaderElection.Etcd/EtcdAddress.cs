namespace LeaderElection.Etcd;

/// <summary>A connection string taken apart: where etcd is, and as whom.</summary>
internal sealed record EtcdAddress(IReadOnlyList<Uri> Endpoints, string? Username, string? Password)
{
    /// <summary>Reads <c>http://a:2379,http://b:2379;username=…;password=…</c>.</summary>
    /// <returns>What is wrong with it, free of secrets; <see langword="null"/> if nothing is.</returns>
    public static string? TryParse(string text, out EtcdAddress address)
    {
        address = new EtcdAddress([], null, null);
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        var endpoints = new List<Uri>();
        foreach (var item in parts[0].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // As etcdctl does: without a scheme it is http.
            var url = item.Contains("://", StringComparison.Ordinal) ? item : "http://" + item;
            // The text is not repeated: somebody may have put a password into it.
            if (!Uri.TryCreate(url, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https") || endpoint.Host == "")
                return "has an endpoint that is not an http or https URL";
            if (item.Contains('@', StringComparison.Ordinal) || endpoint.PathAndQuery != "/" || endpoint.Fragment != "")
                return $"has an endpoint at {endpoint.Host} with more than scheme, host and port";
            endpoints.Add(endpoint);
        }
        if (endpoints.Count == 0)
            return "names no endpoint";
        string? username = null, password = null;
        foreach (var part in parts[1..].Where(p => p != ""))
        {
            switch (part.Split('=', 2, StringSplitOptions.TrimEntries))
            {
                case [var key, var value] when key.Equals("username", StringComparison.OrdinalIgnoreCase):
                    username = value;
                    break;
                case [var key, var value] when key.Equals("password", StringComparison.OrdinalIgnoreCase):
                    password = value;
                    break;
                default:
                    return "may have username=… and password=… after the endpoints, and nothing else";
            }
        }
        address = new EtcdAddress(endpoints, username, password);
        return null;
    }
}
