using System.Globalization;
using System.Net;

namespace LeaderElection.Raft;

/// <summary>A connection string taken apart: the members and where they are, and what else they share.</summary>
internal sealed record RaftAddress(IReadOnlyList<RaftAddress.Member> Members, string Cluster, string? Secret)
{
    public const string Example = "m0=10.0.0.1:7000,m1=10.0.0.2:7000,m2=10.0.0.3:7000;cluster=…;secret=…";

    private const string DefaultCluster = "default";

    /// <summary>Reads <c>m0=host:port/priority,…;cluster=…;secret=…</c>.</summary>
    /// <returns>What is wrong with it, free of secrets; <see langword="null"/> if nothing is.</returns>
    public static string? TryParse(string text, out RaftAddress address)
    {
        address = new([], DefaultCluster, null);
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        var members = new List<Member>();
        foreach (var item in parts[0].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // The text is not repeated: somebody may have put a secret into it.
            if (ParseMember(item) is not { } member)
                return $"has something else as member number {members.Count + 1} than id=host:port or id=host:port/priority (a priority is from 0 to 1000)";
            if (members.Any(m => m.Id != member.Id && m.Host == member.Host && m.Port == member.Port))
                return $"has {member.Text} twice; each member needs an address of its own";
            members.Add(member);
        }
        string cluster = DefaultCluster, secret = "";
        foreach (var part in parts[1..].Where(p => p != ""))
        {
            switch (part.Split('=', 2, StringSplitOptions.TrimEntries))
            {
                case [var key, var value] when key.Equals("cluster", StringComparison.OrdinalIgnoreCase):
                    cluster = value;
                    break;
                case [var key, var value] when key.Equals("secret", StringComparison.OrdinalIgnoreCase):
                    secret = value;
                    break;
                default:
                    return "may have cluster=… and secret=… after the members, and nothing else";
            }
        }
        if (!ElectionNames.IsValid(cluster))
            return "has a cluster that is not 1 to 128 of A-Z a-z 0-9 . _ -";
        try
        {
            _ = new MemberList(members.Select(m => new MemberList.Entry(m.Id, m.Priority)));
        }
        catch (ArgumentException e)
        {
            return $"is refused: {Reason(e)}";
        }
        address = new(members, cluster, secret == "" ? null : secret);
        return null;
    }

    /// <summary>Reads <c>host:port</c>, the host being a name or an address; an IPv6 address stands in brackets.</summary>
    public static (string Host, int Port)? ParseEndpoint(string text)
    {
        var at = text.LastIndexOf(':');
        if (at < 1 || !int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            return null;
        var host = text[..at];
        if (host.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            return null;
        if (host is ['[', .. var inner, ']'])
            return IPAddress.TryParse(inner, out _) ? (inner, port) : null;
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? (host, port) : null;
    }

    /// <summary>The message of an argument's error, without the name of the parameter.</summary>
    public static string Reason(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];

    private static Member? ParseMember(string text)
    {
        if (text.Split('=', 2, StringSplitOptions.TrimEntries) is not [var id, var rest] || !ElectionNames.IsValid(id))
            return null;
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var priority = 0;
        if (slash >= 0 && (!int.TryParse(rest.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out priority) || priority > 1000))
            return null;
        return ParseEndpoint(slash < 0 ? rest : rest[..slash]) is var (host, port) ? new(id, host, port, priority) : null;
    }

    /// <summary>A member, and where it listens.</summary>
    internal sealed record Member(string Id, string Host, int Port, int Priority)
    {
        public string Text => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

        /// <summary>Whether the address is one of this machine alone, so that no other machine can answer there.</summary>
        public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var ip) && IPAddress.IsLoopback(ip));
    }
}
