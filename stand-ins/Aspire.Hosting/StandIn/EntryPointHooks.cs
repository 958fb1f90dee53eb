using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.StandIn;

/// By these Aspire.Hosting.Testing takes part in an AppHost's own entry point.
internal sealed class EntryPointHooks
{
    private static readonly AsyncLocal<EntryPointHooks?> CurrentHooks = new();

    public static EntryPointHooks? Current
    {
        get => CurrentHooks.Value;
        set => CurrentHooks.Value = value;
    }

    public required Action<DistributedApplicationOptions, HostApplicationBuilderSettings> OnConstructing { get; init; }

    public required Action<DistributedApplicationBuilder> OnConstructed { get; init; }

    public required Action OnBuilding { get; init; }

    public required Action<DistributedApplication> OnBuilt { get; init; }
}
