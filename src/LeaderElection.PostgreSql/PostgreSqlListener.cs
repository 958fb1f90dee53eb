using LeaderElection.Leases;
using Npgsql;

namespace LeaderElection.PostgreSql;

/// <summary>The one connection for news. Whether they come at all is tried: a pooler in between may keep them.</summary>
/// <param name="open">Opens a connection.</param>
/// <param name="publish">Publishes through the connection for requests.</param>
/// <param name="channel">The channel, a plain name.</param>
/// <param name="patience">How long an answer is waited for, and what was published.</param>
/// <param name="idle">For how long nothing must be heard until that is looked into.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="events">Whom to tell.</param>
internal sealed class PostgreSqlListener(
    Func<Task<NpgsqlConnection>> open, Func<string, CancellationToken, Task> publish, string channel, TimeSpan patience, TimeSpan idle, TimeProvider time,
    PostgreSqlEvents events) : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private Task? _running;
    private volatile bool _isDeaf;
    private string? _expected;

    /// <summary>Whether it was found that no news come through. What is lost in trouble with a connection, a look finds.</summary>
    public bool IsDeaf => _isDeaf;

    /// <summary>Starts to listen, the first time.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (!_end.IsCancellationRequested)
                _running ??= Task.Run(RunAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_lock)
        {
            _end.Cancel();
            running = _running;
        }
        if (running is not null)
            await running.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        var isHearing = false;
        var failures = 0;
        while (!_end.IsCancellationRequested)
        {
            var becameDeaf = false;
            try
            {
                var connection = await OpenedAsync(open()).ConfigureAwait(false);
                try
                {
                    connection.Notification += OnNotification;
                    await BoundedAsync(ListenAsync(connection)).ConfigureAwait(false);
                    while (await IsHeardAsync(connection).ConfigureAwait(false))
                    {
                        failures = 0;
                        _isDeaf = false;
                        if (!isHearing)
                        {
                            isHearing = true;
                            // What was published before was not heard.
                            events.OnReconnected();
                        }
                        while (await connection.WaitAsync(idle, _end.Token).ConfigureAwait(false))
                        {
                        }
                    }
                }
                finally
                {
                    // One that hangs is not waited for.
                    _ = PostgreSqlConnection.CloseAsync(connection);
                }
                // The first time it may have been a fail-over, the second time it is a pooler.
                _isDeaf = true;
                becameDeaf = ++failures == 1;
                if (failures == 2)
                    events.Warn($"NOTIFY on channel {channel} is not heard, as behind a pooler in transaction mode; looking at the rows now and then instead");
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // Whatever it is, requests meet it as well, and tell.
            }
            // All look, and from now on by themselves if need be.
            if (isHearing || becameDeaf)
                events.OnReconnected();
            if (!isHearing)
                await Task.Delay(failures > 1 ? idle : patience, time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            isHearing = false;
        }
    }

    private async Task<bool> ListenAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand($"LISTEN \"{channel}\"", connection) { CommandTimeout = 0 };
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>Publishes something, and waits for it to come back.</summary>
    private async Task<bool> IsHeardAsync(NpgsqlConnection connection)
    {
        var expected = $"heard {Guid.NewGuid():N}";
        Volatile.Write(ref _expected, expected);
        await publish(expected, _end.Token).ConfigureAwait(false);
        var start = time.GetTimestamp();
        while (Volatile.Read(ref _expected) is not null)
        {
            var left = patience - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !await connection.WaitAsync(left, _end.Token).ConfigureAwait(false))
                return Volatile.Read(ref _expected) is null;
        }
        return true;
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs notification)
    {
        if (notification.Payload == Volatile.Read(ref _expected))
            Volatile.Write(ref _expected, null);
        else
            events.OnMessage(notification.Payload);
    }

    private async Task<NpgsqlConnection> OpenedAsync(Task<NpgsqlConnection> opening)
    {
        try
        {
            return await BoundedAsync(opening).ConfigureAwait(false);
        }
        catch
        {
            _ = PostgreSqlConnection.CloseWhenOpenAsync(opening);
            throw;
        }
    }

    private Task<T> BoundedAsync<T>(Task<T> task) => task.Observed().WaitAsync(patience * 2, time, _end.Token);
}
