using System.Globalization;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace LeaderElection.Board.Ledger;

/// <summary>
/// The ledger: what leaders write, guarded by their fencing tokens, in an SQLite file. A write whose token is 0 or lower
/// than the highest seen is refused, and so is one of an earlier epoch, whatever its token; comparison and append are one transaction, and the highest token survives restarts.
/// </summary>
/// <remarks>One task writes: what arrives while a commit is on its way to the disk goes into the next one together.</remarks>
internal sealed class LedgerStore : IDisposable
{
    private const int MaxBatch = 256;

    private readonly Channel<(LedgerWrite Write, TaskCompletionSource<LedgerDecision> Answer)> _writes =
        Channel.CreateBounded<(LedgerWrite, TaskCompletionSource<LedgerDecision>)>(4096);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly SqliteConnection _connection;
    private readonly Task _writer;
    private volatile string? _trouble;

    private LedgerStore(string path, SqliteConnection connection, TimeProvider time)
    {
        _path = path;
        _connection = connection;
        _time = time;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Why the latest commit failed; <see langword="null"/> if it did not.</summary>
    public string? Trouble => _trouble;

    /// <exception cref="LedgerException">The folder cannot be made or written, or the file is corrupt.</exception>
    public static LedgerStore Open(string directory, TimeProvider time)
    {
        var path = Path.Combine(Path.GetFullPath(directory), "ledger.db");
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            connection = LedgerFile.Open(path);
            LedgerFile.Prepare(connection, path);
            return new LedgerStore(path, connection, time);
        }
        catch (Exception exception)
        {
            connection?.Dispose();
            throw exception switch
            {
                SqliteException sqlite => LedgerException.From(sqlite, path),
                IOException or UnauthorizedAccessException => new LedgerException($"the data folder cannot be used: {exception.Message}", exception),
                _ => exception,
            };
        }
    }

    /// <summary>Appends durably, or refuses.</summary>
    /// <exception cref="LedgerException">Neither is possible: the disk is full, the board is shutting down, …</exception>
    public async Task<LedgerDecision> AppendAsync(LedgerWrite write)
    {
        var answer = new TaskCompletionSource<LedgerDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _writes.Writer.WriteAsync((write, answer));
        }
        catch (ChannelClosedException)
        {
            throw new LedgerException("the ledger is closed: the board is shutting down");
        }
        return await answer.Task;
    }

    /// <summary>Reads the latest entries and refusals of an election, newest first.</summary>
    /// <exception cref="LedgerException">The file cannot be read.</exception>
    public LedgerPage Read(string election, int limit)
    {
        try
        {
            using var connection = LedgerFile.Open(_path);
            // One transaction, so that the three answers are of the same moment.
            using var transaction = connection.BeginTransaction(deferred: true);
            var fence = Query(
                transaction,
                "SELECT highest, epoch FROM elections WHERE name = $election LIMIT $limit",
                election,
                1,
                row => (Highest: row.GetInt64(0), Epoch: row.GetInt64(1))).FirstOrDefault();
            var entries = Query(
                transaction,
                "SELECT sequence, fencing_token, candidate, at, text FROM entries WHERE election = $election ORDER BY sequence DESC LIMIT $limit",
                election,
                limit,
                row => new LedgerEntry(row.GetInt64(0), row.GetInt64(1), TextOrNull(row, 2), row.GetString(3), row.GetString(4)));
            var refusals = Query(
                transaction,
                "SELECT fencing_token, highest, candidate, at FROM refusals WHERE election = $election ORDER BY id DESC LIMIT $limit",
                election,
                limit,
                row => new LedgerRefusal(row.GetInt64(0), row.GetInt64(1), TextOrNull(row, 2), row.GetString(3)));
            return new LedgerPage(election, fence.Highest, fence.Epoch, entries, refusals);
        }
        catch (SqliteException exception)
        {
            throw LedgerException.From(exception, _path);
        }
    }

    public void Dispose()
    {
        // What was accepted into the queue is still written and answered.
        _writes.Writer.TryComplete();
        _writer.Wait();
        _connection.Dispose();
        SqliteConnection.ClearPool(_connection);
    }

    private async Task WriteAsync()
    {
        using var commands = new LedgerCommands(_connection);
        var batch = new List<(LedgerWrite Write, TaskCompletionSource<LedgerDecision> Answer)>();
        while (await _writes.Reader.WaitToReadAsync())
        {
            while (batch.Count < MaxBatch && _writes.Reader.TryRead(out var item))
                batch.Add(item);
            Commit(commands, batch);
            batch.Clear();
        }
    }

    private void Commit(LedgerCommands commands, List<(LedgerWrite Write, TaskCompletionSource<LedgerDecision> Answer)> batch)
    {
        var decisions = new List<LedgerDecision>(batch.Count);
        try
        {
            using var transaction = _connection.BeginTransaction();
            var at = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            foreach (var (write, _) in batch)
                decisions.Add(commands.Apply(write, at, transaction));
            transaction.Commit();
        }
        catch (Exception exception)
        {
            var failure = exception is SqliteException sqlite
                ? LedgerException.From(sqlite, _path)
                : new LedgerException($"the ledger cannot be written: {exception.Message}", exception);
            _trouble = failure.Message;
            foreach (var (_, answer) in batch)
                answer.SetException(failure);
            return;
        }
        _trouble = null;
        for (var i = 0; i < batch.Count; i++)
            batch[i].Answer.SetResult(decisions[i]);
    }

    private static List<T> Query<T>(SqliteTransaction transaction, string sql, string election, int limit, Func<SqliteDataReader, T> read)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.Parameters.AddWithValue("$election", election);
        command.Parameters.AddWithValue("$limit", limit);
        var rows = new List<T>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static string? TextOrNull(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
