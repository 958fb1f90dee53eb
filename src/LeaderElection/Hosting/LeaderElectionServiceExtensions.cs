using System.Diagnostics.CodeAnalysis;
using LeaderElection;
using LeaderElection.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers leader election.</summary>
public static class LeaderElectionServiceExtensions
{
    /// <summary>Runs <typeparamref name="T"/> on one replica at a time: the elected leader's.</summary>
    /// <typeparam name="T">The work.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="election">The election: 1 to 128 of <c>A-Z a-z 0-9 . _ -</c>, the same on every replica.</param>
    /// <param name="configure">Changes the options.</param>
    /// <exception cref="ArgumentException">The election's name is not valid.</exception>
    public static IServiceCollection AddLeaderService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services, string election, Action<LeaderServiceOptions>? configure = null)
        where T : LeaderService
    {
        ArgumentNullException.ThrowIfNull(services);
        ElectionNames.Validate(election, nameof(election));
        AddCore(services);
        // Each registration has work of its own; that of the first is also what others get who ask for it.
        var key = services.Any(s => s.ServiceType == typeof(Registered<T>)) ? new object() : null;
        if (key is null)
            services.AddSingleton<Registered<T>>().TryAddSingleton<T>();
        else
            services.AddKeyedSingleton<T>(key);
        services.AddSingleton<IHostedService>(provider =>
        {
            var options = new LeaderServiceOptions();
            configure?.Invoke(options);
            ElectionNames.Validate(options.CandidateId, nameof(options.CandidateId));
            return new LeaderServiceHost(
                key is null ? provider.GetRequiredService<T>() : provider.GetRequiredKeyedService<T>(key),
                options.BackendKey is { } backendKey
                    ? provider.GetRequiredKeyedService<IElectionBackend>(backendKey)
                    : provider.GetRequiredService<IElectionBackend>(),
                election,
                options,
                provider.GetRequiredService<CandidateRegistry>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetService<ILogger<T>>() ?? NullLogger<T>.Instance);
        });
        return services;
    }

    /// <summary>Registers an election backend and its health check. For authors of election strategies.</summary>
    /// <param name="services">The services.</param>
    /// <param name="key">The key to register it under as well; the first one registered is also the one without a key.</param>
    /// <param name="factory">Creates it; called once.</param>
    public static IServiceCollection AddElectionBackend(
        this IServiceCollection services, string key, Func<IServiceProvider, IElectionBackend> factory)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(factory);
        AddCore(services);
        services.AddKeyedSingleton(key, (provider, _) => factory(provider));
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IElectionBackend>(key));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            $"leader-election-{key}",
            provider => new LeaderElectionHealthCheck(
                provider.GetRequiredKeyedService<IElectionBackend>(key),
                provider.GetRequiredService<CandidateRegistry>(),
                provider.GetRequiredService<TimeProvider>()),
            failureStatus: null,
            tags: null));
        return services;
    }

    private static void AddCore(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CandidateRegistry>();
    }

    /// <summary>Says that the service is registered for an election.</summary>
    private sealed class Registered<T>;
}
