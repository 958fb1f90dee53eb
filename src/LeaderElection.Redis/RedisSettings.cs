using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>What a connection string says, and what a lease adds to it.</summary>
internal static partial class RedisSettings
{
    /// <summary>The servers of a connection string: a semicolon begins another one before <c>host:port</c>, and is else part of what it stands in, as of a password.</summary>
    public static string[] Servers(string connectionString) => BetweenServers().Split(connectionString.Trim());

    /// <summary>Whether a server's part can be read. What is no host, such as a URL, may hold a password, and would be told as the server's name.</summary>
    public static bool CanBeRead(string server)
    {
        try
        {
            var endPoints = ConfigurationOptions.Parse(server).EndPoints;
            return endPoints.Count > 0 && endPoints.OfType<System.Net.DnsEndPoint>().All(dns => Uri.CheckHostName(dns.Host) == UriHostNameType.Dns);
        }
        catch (ArgumentException)
        {
            // The client's message may repeat the string, with the password in it: it is not passed on.
            return false;
        }
    }

    /// <summary>The client's settings: whatever goes wrong with a connection is to be known, and mended, within a lease.</summary>
    public static ConfigurationOptions Read(string server, TimeSpan leaseDuration, TimeProvider time)
    {
        var settings = ConfigurationOptions.Parse(server);
        // Only a failed first attempt says why it failed. It is made again by whoever needs the connection next.
        settings.AbortOnConnectFail = true;
        settings.ConnectRetry = 1;
        // What the client takes INFO for; the rights on the server decide.
        settings.AllowAdmin = true;
        settings.ClientName ??= "LeaderElection";
        // A request that waits for a connection arrives late, when its answer is of no use any more.
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        // A connection on which nothing comes back is given up after four such times, however it looks to the system.
        settings.AsyncTimeout = Math.Min(settings.AsyncTimeout, Milliseconds(leaseDuration / 6, 250, 5000));
        settings.ConnectTimeout = Math.Min(settings.ConnectTimeout, Milliseconds(leaseDuration / 6, 500, 5000));
        settings.Tunnel ??= new RedisAddresses(TimeSpan.FromMilliseconds(settings.ConnectTimeout), time);
        settings.ReconnectRetryPolicy = new LinearRetry(settings.ConnectTimeout);
        settings.HeartbeatInterval = TimeSpan.FromMilliseconds(Milliseconds(leaseDuration / 10, 100, 2000));
        // How soon it is noticed that a server has become the master.
        settings.ConfigCheckSeconds = Math.Min(settings.ConfigCheckSeconds, Seconds(leaseDuration / 3));
        // Followers send nothing else: each heartbeat asks, and looks at the answer.
        settings.HeartbeatConsistencyChecks = true;
        settings.KeepAlive = Math.Min(settings.KeepAlive < 0 ? 60 : settings.KeepAlive, Seconds(leaseDuration / 5));
        return settings;
    }

    private static int Milliseconds(TimeSpan duration, int least, int most) => (int)Math.Clamp(duration.TotalMilliseconds, least, most);

    private static int Seconds(TimeSpan duration) => Math.Max(1, (int)duration.TotalSeconds);

    [GeneratedRegex(@"\s*;\s*(?=[^\s,;=]+:\d+\s*(?:[,;]|$))", RegexOptions.CultureInvariant)]
    private static partial Regex BetweenServers();
}
