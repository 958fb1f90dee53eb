using LeaderElection.Tests.Faults;
using LeaderElection.Tests.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Chaos;

/// <summary>What operators do to raft members: they lose a folder, start with another list, start a member twice. No two may lead by it, and no token fall.</summary>
/// <param name="run">The run.</param>
/// <param name="folder">Of all members' folders.</param>
/// <param name="endpointOf">What a member is told.</param>
internal sealed class MemberFaults(ChaosRun run, string folder, Func<string, string> endpointOf)
{
    /// <summary>
    /// The others let it in again. In the harder form the one that remembers the last election is dead meanwhile, and the third
    /// was while it was held: together they do not know of it, and must not elect anybody.
    /// </summary>
    public async Task LoseFolderAsync(string member, ChaosShot shot, CancellationToken stop)
    {
        // Of more members this would be a majority.
        if (shot.Loses && run.Options.Candidates == 3)
        {
            await ForgetAnElectionAsync(run.ElectionOf(shot), stop);
            return;
        }
        using (run.Fault($"{member} loses its folder", takesStore: false))
            await RestartEmptyAsync(member);
        await run.HoldAsync(run.Lease, stop);
    }

    /// <summary>With two members more, or two others in place of the others: it must not start, as another majority could elect it.</summary>
    public async Task ChangeListAsync(string member, ChaosShot shot, CancellationToken stop)
    {
        using (run.Fault($"{member} started with another list", takesStore: false))
        {
            await run.Cluster.KillAsync(member);
            var own = RaftClusterFiles.Parse(endpointOf(member));
            var entry = own.Members.Split(',').First(m => m.StartsWith($"{member}=", StringComparison.Ordinal));
            var list = $"{(shot.Loses ? entry : own.Members)},m8=127.0.0.1:1,m9=127.0.0.1:2";
            await run.Cluster.StartAsync(member, new CandidateStart { Endpoint = new RaftClusterFiles(folder, list, run.Lease).Description });
            await run.HoldAsync(shot.Length(run.Lease, run.Lease * 2), stop);
            await run.Cluster.KillAsync(member);
            await run.Cluster.StartAsync(member);
        }
    }

    /// <summary>
    /// The second has an empty folder and an address of its own, at which nobody looks for it: it is one that connects to the others.
    /// The first one runs, is frozen or dead meanwhile. Whichever the others took, the member begins anew afterwards.
    /// </summary>
    public async Task StartTwiceAsync(ChaosShot shot, CancellationToken stop)
    {
        var member = run.Cluster.Candidates.Order().First();
        var second = $"{member}b";
        var folderOfSecond = Path.Combine(folder, second);
        Directory.CreateDirectory(Path.Combine(folderOfSecond, member));
        var (freezes, kills) = (shot.Target % 3 == 0, shot.Target % 3 == 1);
        using (run.Fault($"{member} started twice", takesStore: false))
        {
            if (kills)
                await run.Cluster.KillAsync(member);
            var frozen = freezes ? run.FreezeAsync(member, run.Lease * 2.5, stop) : Task.CompletedTask;
            await run.Cluster.StartAsync(second, new CandidateStart { Endpoint = EndpointOfSecond(member, folderOfSecond), Member = member, HasRightClock = true });
            await run.HoldAsync(shot.Length(run.Lease, run.Lease * 2), stop);
            await frozen;
            if (kills)
                await run.Cluster.StartAsync(member);
            await run.HoldAsync(shot.Length(run.Lease, run.Lease * 2), stop);
            await run.Cluster.KillAsync(second);
            Directory.Delete(folderOfSecond, recursive: true);
            await RestartEmptyAsync(member);
        }
        await run.HoldAsync(run.Lease, stop);
    }

    private async Task ForgetAnElectionAsync(string election, CancellationToken stop)
    {
        if (run.Cluster.LastWriterOf(election) is not { } before)
            return;
        using (run.Fault("the voter of an election loses its folder", takesStore: true))
        {
            var away = run.Cluster.Candidates.Order().First(m => m != before.Candidate);
            await run.Cluster.KillAsync(away);
            await run.ResignLeaderAsync(election, TimeSpan.Zero);
            for (var i = 0; i < 50 && !(run.Cluster.LastWriterOf(election)?.Token > before.Token) && !stop.IsCancellationRequested; i++)
                await run.HoldAsync(run.Lease / 10, stop);
            var leader = (run.Cluster.LastWriterOf(election) ?? before).Candidate;
            var knowing = run.Cluster.Candidates.Contains(leader) ? leader : before.Candidate;
            var voters = run.Cluster.Candidates.Where(m => m != knowing).ToArray();
            await run.Cluster.KillAsync(knowing);
            foreach (var voter in voters)
                await RestartEmptyAsync(voter);
            await run.Cluster.StartAsync(away);
            await run.HoldAsync(run.Lease * 2, stop);
            await run.Cluster.StartAsync(knowing);
        }
        await run.HoldAsync(run.Lease, stop);
    }

    private string EndpointOfSecond(string member, string folderOfSecond)
    {
        var members = RaftClusterFiles.Parse(endpointOf(member)).Members.Split(',')
            .Select(m => m.StartsWith($"{member}=", StringComparison.Ordinal) ? $"{m[..m.LastIndexOf(':')]}:{FreePort.Next()}" : m);
        return new RaftClusterFiles(folderOfSecond, string.Join(',', members), run.Lease).Description;
    }

    private async Task RestartEmptyAsync(string member)
    {
        await run.Cluster.KillAsync(member);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, member)).ToArray())
            File.Delete(file);
        await run.Cluster.StartAsync(member, new CandidateStart { HasRightClock = true });
    }
}
