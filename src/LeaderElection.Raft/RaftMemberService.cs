using Microsoft.Extensions.Hosting;

namespace LeaderElection.Raft;

/// <summary>Starts the member with its application, so that it votes also where nothing campaigns.</summary>
internal sealed class RaftMemberService(RaftElectionBackend backend) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => backend.StartAsync(cancellationToken).AsTask();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
