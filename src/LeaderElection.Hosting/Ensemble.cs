using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LeaderElection.Hosting;

/// <summary>The members of a store: one container, or a quorum of several, of which the first is the store's own resource.</summary>
internal sealed class Ensemble
{
    private readonly List<IResourceBuilder<ContainerResource>> _members = [];
    private readonly List<Action<IResourceBuilder<ContainerResource>>> _configurations = [];
    private readonly List<(ContainerResource Member, ContainerMountAnnotation Mount)> _mounts = [];
    private Func<IResourceBuilder<ContainerResource>, ContainerMountAnnotation>? _mountOf;

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
        Mount();

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

    /// <summary>Gives each member a volume of its own.</summary>
    public void MountVolume(string? name, string target) => Mount(member => new ContainerMountAnnotation(
        name is null ? VolumeNameGenerator.Generate(member, _members.Count == 1 ? "data" : $"data-of-{_members.Count}") : NameOf(member, name),
        target,
        ContainerMountType.Volume,
        isReadOnly: false));

    /// <summary>Gives each member a folder of its own.</summary>
    public void MountFolder(string source, string target) => Mount(member => new ContainerMountAnnotation(
        Path.GetFullPath(NameOf(member, source), member.ApplicationBuilder.AppHostDirectory), target, ContainerMountType.BindMount, isReadOnly: false));

    private void Mount(Func<IResourceBuilder<ContainerResource>, ContainerMountAnnotation> mountOf)
    {
        _mountOf = mountOf;
        Mount();
    }

    /// <summary>Names what holds the data after the number of members, so that none of it is taken up by another number.</summary>
    private void Mount()
    {
        foreach (var (member, mount) in _mounts)
            member.Annotations.Remove(mount);
        _mounts.Clear();
        if (_mountOf is not { } mountOf)
            return;
        foreach (var member in _members)
        {
            var mount = mountOf(member);
            member.WithAnnotation(mount);
            _mounts.Add((member.Resource, mount));
        }
    }

    /// <summary>A member's own form of a name that was given for all: one alone takes it as it is.</summary>
    private string NameOf(IResourceBuilder<ContainerResource> member, string name) =>
        _members.Count == 1 ? name : $"{name}-{NumberOf(member.Resource)}-of-{_members.Count}";

    /// <summary>What the clients are told: the addresses of all, with commas between them.</summary>
    public ReferenceExpression List(Func<ContainerResource, EndpointReferenceExpression> address) => Members
        .Select(member => ReferenceExpression.Create($"{address(member)}"))
        .Aggregate((list, next) => ReferenceExpression.Create($"{list},{next}"));
}
