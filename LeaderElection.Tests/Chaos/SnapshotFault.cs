using System.Text.Json;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>An etcd that its operator puts back to a snapshot, with the care that keeps I1 and I2: no lease of before may be left, and no token come again.</summary>
/// <param name="run">The run.</param>
/// <param name="members">All members.</param>
/// <param name="linesOf">All lines that candidates have to them.</param>
internal sealed class SnapshotFault(ChaosRun run, IReadOnlyList<EtcdServer> members, Func<IReadOnlyList<DroppingProxy>> linesOf)
{
    /// <summary>So many revisions candidates hear of that the snapshot does not have.</summary>
    private const int Missing = 10;

    public async Task RestoreAsync(ChaosShot shot, CancellationToken _)
    {
        var source = members[shot.Target % members.Count];
        try
        {
            await source.BackUpAsync();
            for (var i = 0; i < Missing; i++)
                await WriteAsync(source);
        }
        catch (InvalidOperationException)
        {
            // The cluster has no leader yet since the last fault: then this one falls out.
            return;
        }
        using (run.Fault("all servers restored", takesStore: true))
        {
            var lines = linesOf();
            foreach (var line in lines)
                line.Drop();
            try
            {
                if (await RevisionAsync(source) is not { } before)
                    return;
                await Task.WhenAll(members.Select(m => m.KillAsync()));
                await Task.WhenAll(members.Select(m => m.RestoreAsync(source.BackupFile)));
                // Also when the run ends meanwhile.
                await run.HoldAsync(run.LongestLease * 1.1, CancellationToken.None);
                await Task.WhenAll(members.Select(m => m.StartAsync()));
                // Somebody was elected in between, or may have been: his token must not come again.
                var lost = before - await Eventually.GetAsync(() => RevisionAsync(source), revision => revision is not null, "etcd to answer");
                for (var i = 0; lost != Missing && i < lost; i++)
                    await Eventually.GetAsync(() => TryWriteAsync(source), static done => done, "etcd to take a value");
            }
            finally
            {
                foreach (var line in lines)
                    line.Resume();
            }
        }
    }

    private static Task WriteAsync(EtcdServer server) => server.CtlAsync("put", "missing", "");

    private static async Task<bool> TryWriteAsync(EtcdServer server)
    {
        try
        {
            await WriteAsync(server);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <returns><see langword="null"/> while there is no leader of the cluster.</returns>
    private static async Task<long?> RevisionAsync(EtcdServer server)
    {
        try
        {
            using var answer = JsonDocument.Parse(await server.CtlAsync("get", "missing", "--write-out", "json"));
            return answer.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
