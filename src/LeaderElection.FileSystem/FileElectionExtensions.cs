using LeaderElection.FileSystem;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election in a shared folder.</summary>
public static class FileElectionExtensions
{
    /// <summary>Elects in a folder.</summary>
    /// <remarks>
    /// Options are read from the section <c>LeaderElection:File</c> first; <c>Directory</c>, if it is not set there,
    /// from the connection string of that name.
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <param name="name">The key under which the backend is registered.</param>
    /// <param name="configure">Changes the options; <c>services.Configure&lt;FileElectionOptions&gt;(name, …)</c> does so as well.</param>
    public static IHostApplicationBuilder AddFileElectionBackend(
        this IHostApplicationBuilder builder, string name, Action<FileElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.AddOptions<FileElectionOptions>(name).Configure(options =>
        {
            options.Directory = builder.Configuration.GetConnectionString(name) ?? "";
            builder.Configuration.GetSection("LeaderElection:File").Bind(options);
            configure?.Invoke(options);
        });
        builder.Services.AddElectionBackend(name, provider => new FileElectionBackend(
            provider.GetRequiredService<IOptionsMonitor<FileElectionOptions>>().Get(name),
            provider.GetService<ILogger<FileElectionBackend>>(),
            provider.GetService<TimeProvider>()));
        return builder;
    }
}
