using System.Data;
using System.Transactions;
using LeaderElection.Leases;
using Npgsql;

namespace LeaderElection.PostgreSql;

/// <summary>The one connection for requests: made when first needed, and made anew when one was lost. One request at a time.</summary>
/// <param name="source">Where connections come from.</param>
/// <param name="errors">What is told of trouble.</param>
/// <param name="patience">How long a connection, and then an answer, is waited for.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="prepare">Has a new connection ready for elections.</param>
internal sealed class PostgreSqlConnection(
    NpgsqlDataSource source, PostgreSqlErrors errors, TimeSpan patience, TimeProvider time, Func<NpgsqlConnection, Task> prepare) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private NpgsqlConnection? _connection;
    private bool _disposed;

    /// <summary>Opens a connection that is not part of any transaction of the caller's.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        using var alone = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        var connection = await source.OpenConnectionAsync(CancellationToken.None).ConfigureAwait(false);
        alone.Complete();
        return connection;
    }

    /// <summary>Runs a request; for trouble with the server there is one line.</summary>
    /// <remarks>Each of ours may be made twice: where a connection was lost while nothing was asked, it is asked again on a new one.</remarks>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> request, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                var isNew = _connection is not { State: ConnectionState.Open };
                if (isNew)
                {
                    await AbandonAsync().ConfigureAwait(false);
                    _connection = await ReadyAsync(cancellationToken).ConfigureAwait(false);
                }
                try
                {
                    return await AnsweredAsync(_connection!, request(_connection!), cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not (OperationCanceledException or ElectionStoreException))
                {
                    var isLost = PostgreSqlErrors.IsConnectionLost(e);
                    if (isLost)
                        await AbandonAsync().ConfigureAwait(false);
                    if (!isLost || isNew)
                        throw errors.Explain(e);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        // A server that hangs is not waited for: its request ends by itself.
        if (await _turn.WaitAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false))
            await AbandonAsync().ConfigureAwait(false);
    }

    private async Task<NpgsqlConnection> ReadyAsync(CancellationToken cancellationToken)
    {
        var opening = PreparedAsync();
        try
        {
            return await opening.Observed().WaitAsync(patience * 2, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _ = CloseWhenOpenAsync(opening);
            throw e is TimeoutException ? errors.NoAnswer(patience * 2) : e is OperationCanceledException ? e : errors.Explain(e);
        }

        async Task<NpgsqlConnection> PreparedAsync()
        {
            var connection = await OpenAsync().ConfigureAwait(false);
            try
            {
                await prepare(connection).ConfigureAwait(false);
                return connection;
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>The answer, if it comes in time. A connection on which one is missing is not asked again: it is closed when that has come.</summary>
    private async Task<T> AnsweredAsync<T>(NpgsqlConnection connection, Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Observed().WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!answer.IsCompleted)
        {
            _connection = null;
            _ = CloseAfterAsync(connection, answer);
            throw e is TimeoutException ? errors.NoAnswer(patience) : e;
        }
    }

    private async Task AbandonAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await CloseAsync(connection).ConfigureAwait(false);
    }

    /// <summary>Closes what is opened when nobody waits for it any more.</summary>
    public static async Task CloseWhenOpenAsync(Task<NpgsqlConnection> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
            await CloseAsync(await opening.ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static async Task CloseAfterAsync(NpgsqlConnection connection, Task answer)
    {
        await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync(connection).ConfigureAwait(false);
    }

    public static async Task CloseAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException)
        {
            // It was lost.
        }
    }
}
