using Microsoft.Data.Sqlite;

namespace LeaderElection.Board.Ledger;

/// <summary>The statements of a write, over one connection: decide by the token, then append or record the refusal.</summary>
internal sealed class LedgerCommands(SqliteConnection connection) : IDisposable
{
    /// <summary>Refusals kept for each election; a deposed leader that knocks for days must not fill the disk.</summary>
    private const int RefusalsKept = 1_000;

    private readonly SqliteCommand _find = Command(connection,
        "SELECT highest, sequence, epoch FROM elections WHERE name = $election", "$election");

    private readonly SqliteCommand _advance = Command(connection,
        """
        INSERT INTO elections (name, highest, sequence, epoch) VALUES ($election, $token, $sequence, $epoch)
        ON CONFLICT (name) DO UPDATE SET highest = excluded.highest, sequence = excluded.sequence, epoch = excluded.epoch
        """, "$election", "$token", "$sequence", "$epoch");

    private readonly SqliteCommand _append = Command(connection,
        "INSERT INTO entries (election, sequence, fencing_token, candidate, at, text) VALUES ($election, $sequence, $token, $candidate, $at, $text)",
        "$election", "$sequence", "$token", "$candidate", "$at", "$text");

    private readonly SqliteCommand _refuse = Command(connection,
        "INSERT INTO refusals (election, fencing_token, highest, candidate, at) VALUES ($election, $token, $highest, $candidate, $at)",
        "$election", "$token", "$highest", "$candidate", "$at");

    private readonly SqliteCommand _trim = Command(connection,
        $"""
        DELETE FROM refusals WHERE election = $election AND id <=
            (SELECT id FROM refusals WHERE election = $election ORDER BY id DESC LIMIT 1 OFFSET {RefusalsKept})
        """, "$election");

    /// <summary>Within the transaction, so that no other write can come between the comparison and the append.</summary>
    public LedgerDecision Apply(LedgerWrite write, string at, SqliteTransaction transaction)
    {
        long highest = 0, sequence = 0, epoch = 0;
        Set(_find, transaction, write.Election);
        using (var reader = _find.ExecuteReader())
        {
            if (reader.Read())
                (highest, sequence, epoch) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }

        if (write.FencingToken <= 0 || write.Epoch < epoch || (write.Epoch == epoch && write.FencingToken < highest))
        {
            Run(_refuse, transaction, write.Election, write.FencingToken, highest, write.Candidate, at);
            Run(_trim, transaction, write.Election);
            return new LedgerDecision(null, highest, epoch, IsFirstOfTerm: false);
        }
        sequence++;
        Run(_advance, transaction, write.Election, write.FencingToken, sequence, write.Epoch);
        Run(_append, transaction, write.Election, sequence, write.FencingToken, write.Candidate, at, write.Text);
        return new LedgerDecision(sequence, write.FencingToken, write.Epoch, IsFirstOfTerm: (write.Epoch, write.FencingToken) != (epoch, highest));
    }

    public void Dispose()
    {
        foreach (var command in (ReadOnlySpan<SqliteCommand>)[_find, _advance, _append, _refuse, _trim])
            command.Dispose();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        return command;
    }

    private static void Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object?> values)
    {
        Set(command, transaction, values);
        command.ExecuteNonQuery();
    }

    private static void Set(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object?> values)
    {
        command.Transaction = transaction;
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
    }
}
