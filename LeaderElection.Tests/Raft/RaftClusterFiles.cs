using LeaderElection.Raft;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Raft;

/// <summary>The addresses and folders of members. They have been started once, long ago, so that they need not be wary.</summary>
internal sealed class RaftClusterFiles
{
    public const string Secret = "a secret of the tests";

    private readonly string _folder;

    public RaftClusterFiles(string folder, int count, TimeSpan lease)
        : this(folder, count, lease, _ => "127.0.0.1")
    {
    }

    /// <param name="addressOf">Where a member listens.</param>
    public RaftClusterFiles(string folder, int count, TimeSpan lease, Func<string, string> addressOf)
        : this(folder, string.Join(',', Enumerable.Range(0, count).Select(i => $"m{i}={addressOf($"m{i}")}:{FreePort.Next()}")), lease)
    {
        for (var i = 0; i < count; i++)
        {
            Directory.CreateDirectory(Path.Combine(folder, $"m{i}"));
            using var file = StateFile(i);
            file.Save(new MemberState("tests", $"m{i}", 1, [])
            {
                StateId = StateIdOf(i),
                ClusterId = RaftCluster.ClusterId,
                Members = [.. Enumerable.Range(0, count).Select(m => new MemberState.Known($"m{m}", StateIdOf(m)))],
                TimeoutMicroseconds = (long)lease.TotalMicroseconds,
            });
        }
    }

    /// <summary>Those of a cluster whose files are there.</summary>
    public RaftClusterFiles(string folder, string members, TimeSpan lease)
    {
        _folder = folder;
        Members = members;
        Lease = lease;
    }

    public string Members { get; }

    public TimeSpan Lease { get; }

    public string Description => $"{_folder}|{Members}|{Lease.TotalMilliseconds}";

    /// <param name="description">A cluster.</param>
    /// <param name="otherLease">Its lease, if not that of the description.</param>
    public static RaftClusterFiles Parse(string description, TimeSpan? otherLease = null) => description.Split('|') is [var folder, var members, var lease]
        ? new RaftClusterFiles(folder, members, otherLease ?? TimeSpan.FromMilliseconds(double.Parse(lease)))
        : throw new FormatException(description);

    /// <summary>Of the state that a member has from the start.</summary>
    public static Guid StateIdOf(int member) => new(member + 1, 0, 0, new byte[8]);

    public StateFile StateFile(int member) => new(Path.Combine(_folder, $"m{member}", "state"));

    public RaftElectionOptions Options(int member) => Options($"m{member}");

    public RaftElectionOptions Options(string member) => new()
    {
        ConnectionString = $"{Members};cluster=tests",
        Secret = Secret,
        Member = member,
        Directory = Path.Combine(_folder, member),
        LeaseDuration = Lease,
        RenewInterval = TimeSpan.FromMilliseconds(Math.Min(50, Lease.TotalMilliseconds / 3)),
    };
}
