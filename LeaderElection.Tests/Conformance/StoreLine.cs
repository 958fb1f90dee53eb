using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Conformance;

/// <summary>The network between a process and all servers of a store.</summary>
public sealed class StoreLine(params int[] ports) : IAsyncDisposable
{
    private readonly DroppingProxy[] _proxies = [.. ports.Select(port => new DroppingProxy(port))];

    public IEnumerable<string> Endpoints => _proxies.Select(p => p.Endpoint);

    /// <summary>Whether something is held on the way to each server.</summary>
    public bool HoldsRequests => Array.TrueForAll(_proxies, p => p.HoldsRequest);

    /// <summary>Whether something is held that each server has answered.</summary>
    public bool HoldsAnswers => Array.TrueForAll(_proxies, p => p.HoldsAnswer);

    /// <inheritdoc cref="DroppingProxy.Drop"/>
    public void Drop() => Array.ForEach(_proxies, p => p.Drop());

    /// <inheritdoc cref="DroppingProxy.DropRequests"/>
    public void DropRequests() => Array.ForEach(_proxies, p => p.DropRequests());

    /// <inheritdoc cref="DroppingProxy.DropAnswers"/>
    public void DropAnswers() => Array.ForEach(_proxies, p => p.DropAnswers());

    /// <inheritdoc cref="DroppingProxy.RewriteAnswers"/>
    public void RewriteAnswers(Func<byte[], byte[]> rewrite) => Array.ForEach(_proxies, p => p.RewriteAnswers(rewrite));

    /// <inheritdoc cref="DroppingProxy.DeliverAsync"/>
    public Task DeliverAsync() => Task.WhenAll(_proxies.Select(p => p.DeliverAsync()));

    /// <inheritdoc cref="DroppingProxy.Strand"/>
    public void Strand() => Array.ForEach(_proxies, p => p.Strand());

    /// <inheritdoc cref="DroppingProxy.Resume"/>
    public void Resume() => Array.ForEach(_proxies, p => p.Resume());

    /// <summary>What was held is lost, with the connections; new ones get through.</summary>
    public void CutAndResume()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Cut();
            proxy.Resume();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
    }
}
