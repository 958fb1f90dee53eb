using LeaderElection.FileSystem;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
    /// <param name="configure">Changes the options.</param>
    public static IHostApplicationBuilder AddFileElectionBackend(
        this IHostApplicationBuilder builder, string name, Action<FileElectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.AddElectionBackend(name, provider =>
        {
            var section = builder.Configuration.GetSection("LeaderElection:File");
            var options = new FileElectionOptions { Directory = builder.Configuration.GetConnectionString(name) ?? "" };
            section.Bind(options);
            configure?.Invoke(options);
            return new FileElectionBackend(
                options, provider.GetService<ILogger<FileElectionBackend>>(), provider.GetService<TimeProvider>());
        });
        return builder;
    }
}
