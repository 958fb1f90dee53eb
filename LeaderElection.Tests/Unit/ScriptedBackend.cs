using System.Runtime.CompilerServices;
using LeaderElection.Leases;

namespace LeaderElection.Tests.Unit;

/// <summary>A backend whose elections are decided by the test: it says nothing about any store.</summary>
internal sealed class ScriptedBackend(VirtualTime time) : IElectionBackend
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<Leadership> _campaign = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _token;

    public string Strategy => "scripted";

    /// <summary>How often a campaign was begun.</summary>
    public int Campaigns { get; private set; }

    /// <summary>Whether a candidate waits.</summary>
    public bool IsCampaigning { get; private set; }

    public List<string> Story { get; } = [];

    public Func<Exception?> PingFailure { get; set; } = () => null;

    public LeaseClock? Clock { get; private set; }

    public IElection CreateElection(string name, string candidateId) => new Seat(this, name, candidateId);

    public ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        PingFailure() is { } failure ? ValueTask.FromException(failure) : ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Elects the candidate that waits.</summary>
    public Leadership Elect()
    {
        Clock = new LeaseClock(time, TimeSpan.FromSeconds(30), 0, TimeSpan.Zero);
        Clock.Confirm(time.GetTimestamp());
        var leadership = new Leadership("e", "c", ++_token, time.GetUtcNow(), Clock, _ =>
        {
            lock (_lock) Story.Add("released");
            return ValueTask.CompletedTask;
        });
        Decide(c => c.SetResult(leadership));
        return leadership;
    }

    /// <summary>Has the store refuse the candidate that waits.</summary>
    public void Refuse(Exception error) => Decide(c => c.SetException(error));

    private void Decide(Action<TaskCompletionSource<Leadership>> decision)
    {
        TaskCompletionSource<Leadership> campaign;
        lock (_lock)
        {
            campaign = _campaign;
            _campaign = new(TaskCreationOptions.RunContinuationsAsynchronously);
            IsCampaigning = false;
        }
        decision(campaign);
    }

    private sealed class Seat(ScriptedBackend backend, string name, string candidateId) : IElection
    {
        public string Name => name;

        public string CandidateId => candidateId;

        public async ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default)
        {
            Task<Leadership> campaign;
            lock (backend._lock)
            {
                backend.Campaigns++;
                backend.IsCampaigning = true;
                campaign = backend._campaign.Task;
            }
            return await campaign.WaitAsync(cancellationToken);
        }

        public async IAsyncEnumerable<LeaderInfo?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return new LeaderInfo("somebody", 1, DateTimeOffset.UnixEpoch);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            lock (backend._lock) backend.Story.Add("seat given up");
            return ValueTask.CompletedTask;
        }
    }
}
