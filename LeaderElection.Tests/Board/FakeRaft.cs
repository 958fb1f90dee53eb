using LeaderElection.Board.Candidates;
using LeaderElection.Reports;
using Microsoft.AspNetCore.Http;

namespace LeaderElection.Tests.Board;

/// <summary>
/// Raft members as the board sees them, by reports and requests alone: whoever is connected to a majority may lead.
/// The election itself is not here: it has tests of its own.
/// </summary>
internal sealed class FakeRaft : IAsyncDisposable
{
    private const int Count = 5;

    private readonly Lock _lock = new();
    private readonly FakeWorkers _workers;
    private readonly Reporter[] _reporters;
    private readonly HashSet<(int, int)> _cut = [];
    private int? _leader;
    private long _term;

    private FakeRaft(FakeWorkers workers, Reporter[] reporters)
    {
        _workers = workers;
        _reporters = reporters;
        workers.Answer = Answer;
    }

    /// <summary>Whether a leader without a majority goes on leading: a bug that the scenario has to find.</summary>
    public bool LeadsOn { get; init; }

    public IEnumerable<string> Requests => _workers.Requests;

    public static async Task<FakeRaft> StartAsync(BoardHost board, bool leadsOn = false)
    {
        var reporters = new Reporter[Count];
        for (var i = 0; i < Count; i++)
            reporters[i] = await Reporter.ConnectAsync(board);
        var raft = new FakeRaft(await FakeWorkers.StartAsync(Count), reporters) { LeadsOn = leadsOn };
        raft.Elect();
        return raft;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var reporter in _reporters)
            reporter.Dispose();
        await _workers.DisposeAsync();
    }

    private (int, string) Answer(int member, HttpRequest request)
    {
        lock (_lock)
        {
            var others = request.Query["from"].FirstOrDefault()?.Split(',').Select(name => name[1] - '0') ?? Enumerable.Range(0, Count);
            if (request.Path == "/faults/cut-off")
                _cut.UnionWith(others.Where(other => other != member).Select(other => (member, other)));
            else if (request.Path == "/faults/heal")
                _cut.RemoveWhere(link => link.Item1 == member);
            else
                return (404, "");
            Elect();
            return (202, "");
        }
    }

    private void Elect()
    {
        lock (_lock)
        {
            if (_leader is { } old && !HasMajority(old) && !LeadsOn)
                _leader = null;
            if (_leader is null && Enumerable.Range(0, Count).FirstOrDefault(HasMajority, -1) is >= 0 and var next)
                (_leader, _term) = (next, _term + 1);
            for (var i = 0; i < Count; i++)
                _reporters[i].SendAsync(System.Text.Encoding.UTF8.GetString(Report(i).ToUtf8Json())).Wait();
        }
    }

    private bool HasMajority(int member) => Enumerable.Range(0, Count).Count(other => other == member || IsLinked(member, other)) > Count / 2;

    private bool IsLinked(int one, int other) => !_cut.Contains((one, other)) && !_cut.Contains((other, one));

    private CandidateReport Report(int member) => new()
    {
        Election = "jobs",
        Strategy = "raft",
        Candidate = $"node-{member}",
        Role = _leader == member ? CandidateReport.Leader : CandidateReport.Follower,
        FencingToken = _leader == member ? _term : null,
        LeaseRemaining = _leader == member ? 600 : null,
        LeaseDuration = 0.15,
        EndReason = "lease ran out",
        Url = _workers.Urls[member],
        Raft = new RaftReport($"m{member}", _term, _leader is null ? null : $"m{_leader}", [.. Enumerable.Range(0, Count).Where(other => other != member)
            .Select(other => new RaftPeerReport($"m{other}", IsLinked(member, other), null, 0, 0, _cut.Contains((member, other))))]),
    };
}
