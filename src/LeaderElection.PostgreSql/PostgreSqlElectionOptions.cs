using LeaderElection.Leases;
using Npgsql;

namespace LeaderElection.PostgreSql;

/// <summary>Where and how to elect on PostgreSQL.</summary>
public sealed class PostgreSqlElectionOptions : LeaseOptions
{
    /// <summary>What a name may be long there.</summary>
    private const int LongestSchema = 63;

    private NpgsqlDataSource? _dataSource;

    /// <summary>
    /// The server, as Npgsql writes it: <c>Host=…;Database=…;Username=…;Password=…</c>. Of several hosts the one is taken that
    /// accepts writes. Two connections are held: one for requests, one for news.
    /// </summary>
    /// <value>Defaults to none; <c>AddPostgreSqlElectionBackend</c> takes it from the connection strings.</value>
    public string? ConnectionString { get; set; }

    /// <summary>The schema of the tables, and the channel of the news. Elections in different schemas know nothing of each other.</summary>
    /// <value>Defaults to <c>leader_election</c>; 1 to 63 of <c>A-Z a-z 0-9 _</c>, no digit first.</value>
    public string Schema { get; set; } = "leader_election";

    /// <summary>Whether to create the schema and its tables where they are missing, which takes the right to. Several processes may do so at once.</summary>
    /// <value>Defaults to <see langword="false"/>: then a campaign without them is refused.</value>
    public bool CreateSchema { get; set; }

    /// <summary>
    /// Takes connections from there, instead of by a connection string. It is not disposed of. <c>AddPostgreSqlElectionBackend</c> takes
    /// the one that is registered, where there is no connection string.
    /// </summary>
    public void UseDataSource(NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        _dataSource = dataSource;
    }

    /// <summary>What was given, if anything was. No property: the binder of settings would want to make one.</summary>
    internal NpgsqlDataSource? GivenDataSource() => _dataSource;

    /// <inheritdoc/>
    public override IEnumerable<string> Validate()
    {
        if (_dataSource is null && PostgreSqlSettings.Explain(ConnectionString) is { } problem)
            yield return $"{nameof(ConnectionString)} {problem}";
        if (_dataSource is not null && !string.IsNullOrWhiteSpace(ConnectionString))
            yield return $"{nameof(ConnectionString)} and a data source are both given; connections come from one of them";
        if (!IsName(Schema))
            yield return $"{nameof(Schema)} is '{string.Concat((Schema ?? "").Take(LongestSchema + 1).Select(c => char.IsControl(c) ? '?' : c))}'; it must be 1 to {LongestSchema} of A-Z a-z 0-9 _, with no digit first";
        foreach (var invalid in base.Validate())
            yield return invalid;
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= LongestSchema } && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
