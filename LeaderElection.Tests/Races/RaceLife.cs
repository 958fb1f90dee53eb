using System.Collections.Concurrent;
using LeaderElection.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Tests.Races;

/// <summary>
/// A short life of two processes with candidates, observers and a leader service; and something that is disposed or
/// cancelled in the middle of it.
/// </summary>
/// <param name="create">Makes the backend of a process; the first two are <c>m0</c> and <c>m1</c>.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="random">Decides what is disposed, and how work ends.</param>
/// <param name="terms">How often each candidate leads.</param>
internal sealed class RaceLife(Func<string, IElectionBackend> create, TimeProvider time, Random random, int terms)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly ConcurrentQueue<Leadership> _all = new();
    private readonly ConcurrentQueue<Leadership> _led = new();
    private readonly ConcurrentQueue<IElection> _elections = new();
    private readonly CancellationTokenSource _withdraw = new();
    private readonly CancellationTokenSource _over = new();
    private IElectionBackend? _first;
    private IElectionBackend? _second;
    private LeaderServiceHost? _service;

    /// <summary>What should not have been.</summary>
    public IEnumerable<string> Wrong => _wrong;

    /// <summary>How long the disposal of a backend took.</summary>
    public TimeSpan Disposal { get; private set; }

    /// <summary>What is disposed.</summary>
    public RaceTarget Target { get; } = (RaceTarget)random.Next(Enum.GetValues<RaceTarget>().Length);

    public async Task LiveAsync()
    {
        _first = create("m0");
        _second = create("m1");
        _service = new LeaderServiceHost(
            new Work(this), _first, "service", new LeaderServiceOptions { CandidateId = "m0", Rest = Moment, LongestBackoff = 10 * Moment },
            new CandidateRegistry(), time, NullLogger.Instance);
        await _service.StartAsync(default);
        var leads = Task.WhenAll(LeadAsync(_first, "m0", "one"), LeadAsync(_first, "m0", "two"), PingAsync(_first), LeadAsync(_second, "m1", "one"));
        var observes = Task.WhenAll(ObserveAsync(_first, "one"), ObserveAsync(_second, "two"));
        await leads;
        await _over.CancelAsync();
        await observes;
        await _service.StopAsync(default);
        _service.Dispose();
        await DisposeAsync(_first);
        await DisposeAsync(_second);
    }

    /// <summary>Disposes what is to be disposed. It may come before that was made.</summary>
    public async Task IntrudeAsync()
    {
        switch (Target)
        {
            case RaceTarget.Backend:
                await DisposeAsync(_first);
                break;
            case RaceTarget.BackendTwice:
                await Task.WhenAll(DisposeAsync(_first), DisposeAsync(_first));
                break;
            case RaceTarget.BackendAndElections:
                await Task.WhenAll([DisposeAsync(_first), .. _elections.Select(e => e.DisposeAsync().AsTask())]);
                break;
            case RaceTarget.Elections:
                await Task.WhenAll(_elections.Select(e => e.DisposeAsync().AsTask()));
                break;
            case RaceTarget.Leaderships:
                await Task.WhenAll(_all.Select(l => l.DisposeAsync().AsTask()));
                break;
            case RaceTarget.Tokens:
                await _withdraw.CancelAsync();
                break;
            case RaceTarget.Service:
                await (_service?.StopAsync(default) ?? Task.CompletedTask);
                break;
            case RaceTarget.BothBackends:
                await Task.WhenAll(DisposeAsync(_first), DisposeAsync(_second));
                break;
        }
    }

    private async Task DisposeAsync(IElectionBackend? backend)
    {
        if (backend is null)
            return;
        var start = time.GetTimestamp();
        await backend.DisposeAsync();
        if (time.GetElapsedTime(start) is var took && took > Disposal)
            Disposal = took;
    }

    private async Task LeadAsync(IElectionBackend backend, string candidate, string name)
    {
        for (var i = 0; i < terms; i++)
        {
            await EndingAsync(async () =>
            {
                await using var election = backend.CreateElection(name, candidate);
                _elections.Enqueue(election);
                var leadership = await election.CampaignAsync(_withdraw.Token);
                Elected(leadership);
                await leadership.RunAsync(async lost => await Task.Delay(Moment, time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
                if (i % 2 == 0)
                    await leadership.ResignAsync();
            });
        }
    }

    private void Elected(Leadership leadership)
    {
        foreach (var earlier in _led.Where(l => l.ElectionName == leadership.ElectionName))
        {
            if (earlier.IsValid && leadership.IsValid)
                _wrong.Enqueue($"'{leadership.ElectionName}' has two leaders: {earlier.CandidateId} under {earlier.FencingToken}, {leadership.CandidateId} under {leadership.FencingToken}");
            if (earlier.FencingToken >= leadership.FencingToken)
                _wrong.Enqueue($"'{leadership.ElectionName}' has the token {leadership.FencingToken} after {earlier.FencingToken}");
        }
        _led.Enqueue(leadership);
        _all.Enqueue(leadership);
    }

    private Task ObserveAsync(IElectionBackend backend, string name) => EndingAsync(async () =>
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_withdraw.Token, _over.Token);
        await using var election = backend.CreateElection(name, "observer");
        await foreach (var _ in election.ObserveAsync(stop.Token))
        {
        }
    });

    private Task PingAsync(IElectionBackend backend) => EndingAsync(async () => await backend.PingAsync());

    /// <summary>Code whose end may come at any time, in the ways that are told to users.</summary>
    private async Task EndingAsync(Func<Task> code)
    {
        try
        {
            await code();
        }
        catch (Exception e) when (e is ElectionStoreException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private sealed class Work(RaceLife life) : LeaderService
    {
        protected internal override async Task LeadAsync(Leadership leadership, CancellationToken lost)
        {
            life.Elected(leadership);
            // Of its own, so that it ends with the application alone.
            await Task.Delay(Timeout.InfiniteTimeSpan, life.Time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TimeProvider Time => time;
}
