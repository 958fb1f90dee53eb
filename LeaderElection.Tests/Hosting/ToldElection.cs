using System.Threading.Channels;

namespace LeaderElection.Tests.Hosting;

/// <summary>An election whose leader the test tells: for what is made of the news, not for where it comes from.</summary>
internal sealed class ToldElection : IElectionBackend, IElection
{
    private readonly Channel<LeaderInfo?> _news = Channel.CreateUnbounded<LeaderInfo?>();

    public string Strategy => "told";

    public string Name => "told";

    public string CandidateId => "observer";

    public void Tell(LeaderInfo? leader) => _news.Writer.TryWrite(leader);

    public IElection CreateElection(string name, string candidateId) => this;

    public ValueTask PingAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask<Leadership> CampaignAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<LeaderInfo?> ObserveAsync(CancellationToken cancellationToken = default) => _news.Reader.ReadAllAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
