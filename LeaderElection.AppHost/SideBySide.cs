using System.Net;
using System.Net.Sockets;

namespace LeaderElection.AppHost;

/// <summary>Keeps this AppHost apart from others that run on the machine.</summary>
internal static class SideBySide
{
    // Where the launch profile has the dashboard, and what it talks to.
    private static readonly string[] Addresses = ["ASPNETCORE_URLS", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"];

    /// <summary>Finds a folder that no other AppHost uses, and lets Aspire choose free ports where those that were meant are taken.</summary>
    /// <exception cref="FormatException">The folder that was given cannot be used; the message is one line for the user.</exception>
    public static AppHostOptions KeepApart(this IDistributedApplicationBuilder builder, AppHostOptions options)
    {
        // What is published has no data and no ports here.
        if (!builder.ExecutionContext.IsRunMode)
            return options;

        var folder = DataFolder.TakeFor(builder, options.DataDirectory);
        var ports = Addresses.SelectMany(name => (builder.Configuration[name] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
            .Select(address => Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Port : 0);
        // The ports of one that runs beside this one, from the same launch profile, need not be taken yet.
        if (folder.Number > 1 || ports.Any(IsTaken))
            builder.Configuration["DcpPublisher:RandomizePorts"] = "true";
        return options with
        {
            DataDirectory = folder.Path,
            // Told by the AppHost's path, as Aspire's own names of volumes.
            VolumePrefix = folder.Number > 1 ? FormattableString.Invariant($"leader-election-{builder.Configuration["AppHost:Sha256"]![..10].ToLowerInvariant()}-{folder.Number}") : null,
            BoardPort = options.BoardPort is { } port && IsTaken(port) ? null : options.BoardPort,
        };
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
