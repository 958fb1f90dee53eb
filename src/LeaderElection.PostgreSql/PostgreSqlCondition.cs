using System.Data;
using System.Data.Common;

namespace LeaderElection.PostgreSql;

/// <summary>That a leadership still holds, as what a transaction of yours depends on.</summary>
public sealed class PostgreSqlCondition
{
    private readonly string _script;
    private readonly string _claimId;
    private readonly string _leaseId;

    internal PostgreSqlCondition(string script, string election, long fencingToken, string claimId, string leaseId) =>
        (_script, ElectionName, FencingToken, _claimId, _leaseId) = (script, election, fencingToken, claimId, leaseId);

    /// <summary>The election.</summary>
    public string ElectionName { get; }

    /// <summary>The fencing token of the leadership.</summary>
    public long FencingToken { get; }

    /// <summary>
    /// Enters the fence, in one round trip: call it first in the transaction. Once passed, no guarded transaction of a later leader
    /// passes before this one has ended; those of the same leadership run beside each other, but for the first, which the others wait for.
    /// </summary>
    /// <remarks>A guarded transaction of an earlier leader that has not ended is waited for. Elections wait for none of them.</remarks>
    /// <param name="transaction">Yours, of Npgsql or of what wraps it, such as Entity Framework Core's <c>GetDbTransaction()</c>.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="StaleLeadershipException">Another leads, or led since: the transaction was rolled back.</exception>
    /// <exception cref="DbException">The server failed; under isolation levels above <c>READ COMMITTED</c> it also says so where another was elected meanwhile.</exception>
    public async Task EnterAsync(DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var connection = transaction.Connection ?? throw new InvalidOperationException("The transaction has ended.");
        if (await PassesAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
            return;
        await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(false);
        throw new StaleLeadershipException(ElectionName, FencingToken);
    }

    private async Task<bool> PassesAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using var _ = command.ConfigureAwait(false);
        command.Transaction = transaction;
        command.CommandText = _script;
        Add(command, "election", DbType.String, ElectionName);
        Add(command, "token", DbType.Int64, FencingToken);
        Add(command, "claim", DbType.String, _claimId);
        Add(command, "lease", DbType.String, _leaseId);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        // First the highest token that ever passed, then whether the store still names this leadership.
        var isHighest = await reader.ReadAsync(cancellationToken).ConfigureAwait(false) && reader.GetInt64(0) == FencingToken;
        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        return isHighest && await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Add(DbCommand command, string name, DbType type, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.DbType, parameter.Value) = (name, type, value);
        command.Parameters.Add(parameter);
    }
}
