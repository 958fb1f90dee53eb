using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>The members of a store: one container, or a quorum of several, of which the first is the store's own resource.</summary>
internal sealed class Ensemble
{
    private readonly List<IResourceBuilder<ContainerResource>> _members = [];
    private readonly List<Action<IResourceBuilder<ContainerResource>>> _configurations = [];

    public IEnumerable<ContainerResource> Members => _members.Select(member => member.Resource);

    /// <summary>Sets up each member, also those that are still to come.</summary>
    public void Configure(Action<IResourceBuilder<ContainerResource>> configure)
    {
        _configurations.Add(configure);
        _members.ForEach(configure);
    }

    public void Add(IResourceBuilder<ContainerResource> member)
    {
        _members.Add(member);
        _configurations.ForEach(configure => configure(member));
    }

    /// <summary>Adds the members after the first, nested under it and of its image, whatever that is changed to.</summary>
    public void Grow(int count)
    {
        var first = _members[0];
        var name = first.Resource.Name;
        if (count is not (1 or 3 or 5 or 7))
            throw new ArgumentOutOfRangeException(nameof(count), $"'{name}' cannot have {count} members: a quorum is had with 1, 3, 5 or 7.");
        if (_members.Count > 1)
            throw new InvalidOperationException($"'{name}' has its {_members.Count} members already.");

        for (var number = 2; number <= count; number++)
        {
            Add(first.ApplicationBuilder.AddResource(new ContainerResource($"{name}-{number}"))
                .WithAnnotation(first.Resource.Annotations.OfType<ContainerImageAnnotation>().Last())
                .WithIconName("Database")
                .WithParentRelationship(first.Resource));
        }

        // Told at the start, so that it does not matter whether it was set before or after.
        first.ApplicationBuilder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            if (first.Resource.Annotations.OfType<ContainerLifetimeAnnotation>().LastOrDefault() is { } lifetime)
            {
                foreach (var other in _members.Skip(1))
                    other.WithAnnotation(lifetime, ResourceAnnotationMutationBehavior.Replace);
            }
            return Task.CompletedTask;
        });
    }

    /// <summary>The number of a member, from 1.</summary>
    public int NumberOf(ContainerResource member) => _members.FindIndex(builder => builder.Resource == member) + 1;

    /// <summary>A member's own form of a name that was given for all: the first takes it as it is.</summary>
    public string NameOf(IResourceBuilder<ContainerResource> member, string name) =>
        NumberOf(member.Resource) is > 1 and var number ? $"{name}-{number}" : name;

    /// <summary>Gives each member a volume of its own.</summary>
    public void MountVolume(string? name, string target) => Configure(member =>
        member.WithVolume(name is null ? VolumeNameGenerator.Generate(member, "data") : NameOf(member, name), target));

    /// <summary>Gives each member a folder of its own.</summary>
    public void MountFolder(string source, string target) => Configure(member => member.WithBindMount(NameOf(member, source), target));

    /// <summary>What the clients are told: the addresses of all, with commas between them.</summary>
    public ReferenceExpression List(Func<ContainerResource, EndpointReferenceExpression> address) => Members
        .Select(member => ReferenceExpression.Create($"{address(member)}"))
        .Aggregate((list, next) => ReferenceExpression.Create($"{list},{next}"));
}
