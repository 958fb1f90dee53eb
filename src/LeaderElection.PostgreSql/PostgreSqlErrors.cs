using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace LeaderElection.PostgreSql;

/// <summary>What to tell the user of what went wrong with a server, in one line.</summary>
/// <param name="name">The server, free of secrets.</param>
/// <param name="schema">The schema of the elections.</param>
internal sealed class PostgreSqlErrors(string name, string schema)
{
    /// <summary>Whether the connection is of no use any more.</summary>
    public static bool IsConnectionLost(Exception e) =>
        // What an operator or a time-out of the server ends, and a server that goes down; a read-only one may have another beside it.
        e is PostgresException { SqlState: var state }
            ? state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("08", StringComparison.Ordinal) || state is PostgresErrorCodes.ReadOnlySqlTransaction or "25P03"
            : true;

    /// <summary>Tells it.</summary>
    public ElectionStoreException Explain(Exception e) => e switch
    {
        ElectionStoreException known => known,
        PostgresException server => Explain(server),
        TimeoutException or NpgsqlException { InnerException: TimeoutException } => Error("no answer in time", isTransient: true, e),
        _ when Inner<SocketException>(e) is { } socket => Error($"no connection: {socket.SocketErrorCode}", isTransient: true, e),
        _ when Inner<AuthenticationException>(e) is { } tls => Error($"no connection: {FirstLine(tls.Message)}", isTransient: true, e),
        _ when Inner<PostgresException>(e) is { } server => Explain(server),
        NpgsqlException when e.Message.Contains("password", StringComparison.OrdinalIgnoreCase) => Refused(e),
        _ when Inner<IOException>(e) is not null => Error("the connection was lost", isTransient: true, e),
        NpgsqlException => Error(FirstLine(e.Message), isTransient: true, e),
        // A client that cannot do what is asked of it, as one without arrays; that does not pass by itself.
        NotSupportedException or InvalidCastException => Error($"the client cannot do what an election needs: {FirstLine(e.Message)}", isTransient: false, e),
        _ => Error(FirstLine(e.Message), isTransient: true, e),
    };

    public ElectionStoreException NoAnswer(TimeSpan within) =>
        Error(FormattableString.Invariant($"no answer within {within.TotalSeconds:0.###} s"), isTransient: true, null);

    /// <summary>The tables are not there.</summary>
    public ElectionStoreException NoTables(Exception? e = null) => Error(
        $"schema {schema} does not have the tables of elections; set CreateSchema, or have an administrator run the script of the documentation", isTransient: false, e);

    public ElectionStoreException ReadOnly(Exception? e = null) =>
        Error("the server is read-only, a standby or set so; waiting for one that takes writes", isTransient: true, e);

    /// <summary>An answer that cannot be read.</summary>
    public ElectionStoreException Unreadable() => Error("an answer of a kind that no PostgreSQL server gives to an election; is there something in between?", isTransient: true, null);

    private ElectionStoreException Explain(PostgresException e)
    {
        var text = FirstLine(e.MessageText);
        return e.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword => Refused(e),
            PostgresErrorCodes.InvalidAuthorizationSpecification => Error($"the user was refused: {text}", isTransient: false, e),
            PostgresErrorCodes.InvalidCatalogName => Error($"there is no such database: {text}", isTransient: false, e),
            PostgresErrorCodes.InsufficientPrivilege => Error($"the user may not do what an election needs: {text}", isTransient: false, e),
            PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedTable => NoTables(e),
            PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.WrongObjectType or PostgresErrorCodes.DatatypeMismatch or PostgresErrorCodes.UndefinedFunction =>
                Error($"the tables in schema {schema} are not those of elections, or of another version: {text}", isTransient: false, e),
            PostgresErrorCodes.ReadOnlySqlTransaction => ReadOnly(e),
            PostgresErrorCodes.DiskFull => Error("the disk of the server is full; nobody new can be elected until there is space", isTransient: true, e),
            PostgresErrorCodes.LockNotAvailable => Error("another session keeps rows of elections locked", isTransient: true, e),
            _ => Error($"{text} ({e.SqlState})", isTransient: true, e),
        };
    }

    private ElectionStoreException Refused(Exception e) =>
        Error("the user or its password was refused, or one is needed; check the connection string", isTransient: false, e);

    private ElectionStoreException Error(string what, bool isTransient, Exception? e) => new($"{name}: {what}", isTransient, e);

    private static T? Inner<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T found)
                return found;
            if (e is AggregateException { InnerExceptions: [.., var last] })
                e = last;
        }
        return null;
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
