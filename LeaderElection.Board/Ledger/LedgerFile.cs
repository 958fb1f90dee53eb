using Microsoft.Data.Sqlite;

namespace LeaderElection.Board.Ledger;

/// <summary>Opens the ledger's database, and makes it on first use.</summary>
internal static class LedgerFile
{
    private const int Version = 2;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS elections (
            name TEXT PRIMARY KEY,
            highest INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            epoch INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS entries (
            election TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            fencing_token INTEGER NOT NULL,
            candidate TEXT,
            at TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (election, sequence)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS refusals (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            election TEXT NOT NULL,
            fencing_token INTEGER NOT NULL,
            highest INTEGER NOT NULL,
            candidate TEXT,
            at TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS refusals_by_election ON refusals (election, id);
        """;

    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            // An answer of 201 is a promise: each commit is on the disk before it is given.
            Execute(connection, "PRAGMA synchronous = FULL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Checks the file, and brings it to the current version. Writes in any case, to find out now whether it can.</summary>
    /// <exception cref="LedgerException">It is corrupt, or of a later version.</exception>
    public static void Prepare(SqliteConnection connection, string path)
    {
        if (Execute(connection, "PRAGMA quick_check(1)") is not "ok")
            throw new LedgerException($"the ledger {path} is corrupt: move it away, or restore it from a copy");
        var version = Execute(connection, "PRAGMA user_version") as long? ?? 0;
        if (version > Version)
            throw new LedgerException($"the ledger {path} has version {version}, written by a later program; this one reads version {Version}");
        Execute(connection, "PRAGMA journal_mode = WAL");
        using var transaction = connection.BeginTransaction();
        Execute(connection, Schema, transaction);
        if (version == 1)
            Execute(connection, "ALTER TABLE elections ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0", transaction);
        Execute(connection, $"PRAGMA user_version = {Version}", transaction);
        transaction.Commit();
    }

    private static object? Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command.ExecuteScalar();
    }
}
