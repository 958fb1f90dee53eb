using Npgsql;

namespace LeaderElection.PostgreSql;

/// <summary>What a connection string says, and what a lease adds to it.</summary>
internal static class PostgreSqlSettings
{
    private const string Example = "Host=localhost;Database=app;Username=app;Password=…";

    /// <summary>What is wrong with a connection string, free of what it says; <see langword="null"/> when nothing is.</summary>
    public static string? Explain(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return $"is empty; it must name a PostgreSQL server, e.g. {Example}";
        try
        {
            return string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host) ? $"names no Host; it must look like {Example}" : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException or NotSupportedException)
        {
            // The client's message may repeat the string, with the password in it: it is not passed on.
            return $"cannot be read; it must look like {Example}";
        }
    }

    /// <summary>A source of connections: whatever goes wrong with one is to be known, and mended, within a lease.</summary>
    public static NpgsqlDataSource CreateDataSource(string connectionString, TimeSpan leaseDuration)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= "LeaderElection";
        // Two connections that are held; what is set on them is not to be undone, nor part of what the program is at.
        settings.Pooling = false;
        settings.Enlist = false;
        settings.Timeout = Least(settings.Timeout, Seconds(leaseDuration / 6));
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = Least(settings.TcpKeepAliveTime, Seconds(leaseDuration / 3));
        settings.TcpKeepAliveInterval = Least(settings.TcpKeepAliveInterval, Seconds(leaseDuration / 10));
        if (settings.Host!.Contains(',', StringComparison.Ordinal))
        {
            settings.TargetSessionAttributes ??= "read-write";
            settings.HostRecheckSeconds = Math.Min(settings.HostRecheckSeconds, Seconds(leaseDuration / 6));
        }
        // With no more than is needed, so that it can be trimmed.
        return new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity().EnableArrays().Build();
    }

    private static int Least(int given, int wanted) => given is 0 ? wanted : Math.Min(given, wanted);

    private static int Seconds(TimeSpan duration) => Math.Max(1, (int)duration.TotalSeconds);
}
