using Microsoft.Data.Sqlite;

namespace LeaderElection.Board.Ledger;

/// <summary>The ledger cannot be opened, read or written. The message is one line, for people.</summary>
internal sealed class LedgerException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    // SQLite's primary result codes.
    private const int Full = 13, CannotOpen = 14, ReadOnly = 8, Corrupt = 11, NotADatabase = 26, Busy = 5, IoError = 10;

    public static LedgerException From(SqliteException exception, string path) =>
        new($"the ledger {path} {Explain(exception)}", exception);

    private static string Explain(SqliteException exception) => exception.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => "is corrupt, or not a database: move it away, or restore it from a copy",
        Full => "cannot be written: the disk is full",
        CannotOpen => "cannot be opened: is the folder writable?",
        ReadOnly => "cannot be written: it is read-only",
        Busy => "is locked by another process",
        IoError => "cannot be read or written: the disk reports an error",
        _ => $"fails: {exception.Message}",
    };
}
