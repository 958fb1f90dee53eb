using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.Playground.Status;

/// <summary>Where this process serves HTTP; known once it has started.</summary>
internal sealed class OwnAddress
{
    private readonly IServer _server;

    public OwnAddress(IServer server, IHostApplicationLifetime lifetime)
    {
        _server = server;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lifetime.ApplicationStarted.Register(started.SetResult);
        Started = started.Task;
    }

    public Task Started { get; }

    public string? Url => _server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
}
