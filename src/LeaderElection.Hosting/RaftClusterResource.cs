using LeaderElection.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// A Raft cluster: the addresses and the secret that its members share. It is no process; its members are, see
/// <see cref="RaftBuilderExtensions.WithRaftMember"/>.
/// </summary>
public sealed class RaftClusterResource : Resource, IResourceWithConnectionString
{
    internal const string EndpointName = "raft";

    private readonly List<IResourceWithEndpoints> _members = [];

    internal RaftClusterResource(string name, string dataDirectory, ParameterResource secret) : base(name) =>
        (DataDirectory, Secret) = (dataDirectory, secret);

    /// <summary>The resources that are its members, in the order in which they joined: their ids are <c>m0</c>, <c>m1</c> and so on.</summary>
    public IReadOnlyList<IResourceWithEndpoints> Members => _members;

    /// <summary>The folder below which each member keeps its term and votes, in <c>members-COUNT/ID</c>.</summary>
    public string DataDirectory { get; }

    /// <summary>What proves to the members that they are members.</summary>
    public ParameterResource Secret { get; }

    /// <summary>The members with their addresses, the cluster's name and its secret, as <c>m0=host:port,m1=…;cluster=…;secret=…</c>.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{Addresses};cluster={Name};secret={Secret}");

    internal ReferenceExpression Addresses
    {
        get
        {
            var addresses = new ReferenceExpressionBuilder();
            foreach (var (index, member) in _members.Index())
            {
                var endpoint = member.GetEndpoint(EndpointName);
                addresses.AppendLiteral($"{(index == 0 ? string.Empty : ",")}{IdOf(index)}=");
                addresses.Append($"{endpoint.Property(EndpointProperty.IPV4Host)}:{endpoint.Property(EndpointProperty.Port)}");
            }
            return addresses.Build();
        }
    }

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Members", Addresses),
        new("Cluster", ReferenceExpression.Create($"{Name}")),
        new("Secret", ReferenceExpression.Create($"{Secret}")),
    ];

    // A member does not start with votes that were given under another list of members.
    internal string FolderOf(string member) => Path.Combine(DataDirectory, FormattableString.Invariant($"members-{_members.Count}"), member);

    /// <summary>Takes a resource in.</summary>
    /// <returns>Its member id.</returns>
    internal string Take(IResourceWithEndpoints member)
    {
        if (_members.Contains(member))
            throw new InvalidOperationException($"'{member.Name}' is member {IdOf(_members.IndexOf(member))} of '{Name}' already.");
        if (_members.Count == RaftBuilderExtensions.MostMembers)
            throw new InvalidOperationException($"'{Name}' has {_members.Count} members, and cannot take in '{member.Name}': a Raft cluster has {RaftBuilderExtensions.FewestMembers} to {RaftBuilderExtensions.MostMembers}.");
        _members.Add(member);
        return IdOf(_members.Count - 1);
    }

    private static string IdOf(int index) => FormattableString.Invariant($"m{index}");
}
