namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// A Raft cluster: the addresses and the secret that its members share. It is no process; its members are, see
/// <see cref="RaftBuilderExtensions.WithRaftMember"/>.
/// </summary>
public sealed class RaftClusterResource : Resource, IResourceWithConnectionString
{
    private readonly IResource?[] _processes;

    internal RaftClusterResource(string name, IReadOnlyList<string> addresses, string dataDirectory, ParameterResource secret) : base(name)
    {
        _processes = new IResource?[addresses.Count];
        Members = [.. addresses.Select((_, index) => FormattableString.Invariant($"m{index}"))];
        Addresses = string.Join(',', Members.Zip(addresses, (member, address) => $"{member}={address}"));
        DataDirectory = dataDirectory;
        Secret = secret;
    }

    /// <summary>The ids of the members: <c>m0</c>, <c>m1</c> and so on.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>The folder below which each member keeps its term and votes, in a folder of its own.</summary>
    public string DataDirectory { get; }

    /// <summary>What proves to the members that they are members.</summary>
    public ParameterResource Secret { get; }

    /// <summary>The members with their addresses, the cluster's name and its secret.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Addresses};cluster={Name};secret={Secret}");

    internal string Addresses { get; }

    internal void Take(int index, IResource process)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Members.Count);
        if (_processes[index] is { } other)
            throw new InvalidOperationException($"Member {Members[index]} of '{Name}' is '{other.Name}' already.");
        _processes[index] = process;
    }
}
