using System.Globalization;

namespace LeaderElection.ZooKeeper.Client;

/// <summary>The servers and the folder under which all paths lie: <c>host:port,host:port/folder</c>.</summary>
internal sealed record ConnectString(IReadOnlyList<ServerAddress> Servers, string Chroot)
{
    public const int DefaultPort = 2181;

    /// <exception cref="FormatException">It cannot be read; the message says what it must look like.</exception>
    public static ConnectString Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var chroot = slash < 0 ? "" : text[slash..].TrimEnd('/');
        var servers = (slash < 0 ? text : text[..slash])
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(Server)
            .ToArray();
        if (servers is [] || (chroot.Length > 0 && !ZooKeeperPath.IsValid(chroot)))
            throw Unreadable();
        return new ConnectString(servers, chroot);
    }

    public override string ToString() => string.Join(", ", Servers);

    private static ServerAddress Server(string text)
    {
        // An IPv6 address stands in brackets when a port follows.
        var end = text.LastIndexOf(':');
        var hasPort = end > 0 && (text.IndexOf(':', StringComparison.Ordinal) == end || text[end - 1] == ']');
        var host = (hasPort ? text[..end] : text).Trim('[', ']');
        var port = DefaultPort;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown || host.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            || (hasPort && (!int.TryParse(text[(end + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)))
            throw Unreadable();
        return new ServerAddress(host, port);
    }

    private static FormatException Unreadable() => new("it must look like host:port,host:port, with an optional /folder at the end");
}
