using LeaderElection.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaderElection.Raft;

/// <summary>
/// Leader election among the members of a fixed cluster, by their votes; there is no server. One member per process: it
/// votes in every election, and leads for the candidates of this process.
/// </summary>
public sealed class RaftElectionBackend : StoreBackend
{
    /// <summary>Creates the member; it joins its cluster when it is first needed, or by <see cref="StartAsync"/>.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options contradict each other.</exception>
    public RaftElectionBackend(RaftElectionOptions options, ILogger<RaftElectionBackend>? logger = null, TimeProvider? time = null)
        : base("raft", options, time, logger ?? NullLogger<RaftElectionBackend>.Instance)
    {
    }

    internal override int FollowerCount => throw new NotImplementedException();

    /// <summary>Joins the cluster: from then on this member votes, whether or not it has a candidate.</summary>
    /// <exception cref="ElectionStoreException">Its state cannot be trusted, or its address cannot be listened at.</exception>
    public ValueTask StartAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public override IElection CreateElection(string name, string candidateId) => throw new NotImplementedException();

    /// <summary>Resigns in favour of a member.</summary>
    /// <param name="leadership">A leadership of this backend.</param>
    /// <param name="member">The member that is to lead next; it must have a candidate in the election.</param>
    /// <param name="cancellationToken">Stops the waiting, not the resignation.</param>
    /// <exception cref="InvalidOperationException">It cannot be handed to that member; the message says why. Nothing has changed.</exception>
    public ValueTask TransferAsync(Leadership leadership, string member, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>How this member stands, as of now.</summary>
    public RaftStatus GetStatus() => throw new NotImplementedException();

    /// <summary>How this member stands in one election; <see langword="null"/> when it has not heard of it.</summary>
    public RaftElectionStatus? GetStatus(string election) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override ValueTask PingStoreAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => throw new NotImplementedException();

    private protected override void WakeAll() => throw new NotImplementedException();

    private protected override Task ResignAllAsync() => throw new NotImplementedException();

    private protected override ValueTask EndAsync() => throw new NotImplementedException();
}
