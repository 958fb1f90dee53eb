using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

internal static class EarlyServices
{
    /// <summary>
    /// Adds a hosted service that starts before Aspire's own. Those start in turn, and the orchestrator's start ends only
    /// when every resource is up: what comes after it would never hear of a store that does not come.
    /// </summary>
    public static void AddEarlyHostedService<T>(this IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<T>()));
    }
}
