using LeaderElection.Strategies;

namespace Microsoft.Extensions.Hosting;

/// <summary>Registers leader election by the strategy that the configuration names.</summary>
public static class ElectionBackendExtensions
{
    private const string DefaultDirectory = "./locks";

    /// <summary>
    /// Elects where <c>LeaderElection:Strategy</c> says: <c>file</c> (the default), <c>redis</c>, <c>postgresql</c>, <c>etcd</c>,
    /// <c>zookeeper</c> or <c>raft</c>, at the connection string of that name.
    /// </summary>
    /// <remarks>
    /// <para>For each strategy alike: <c>LeaderElection:LeaseDuration</c>, <c>RenewInterval</c>, <c>RetryPeriod</c> and
    /// <c>SafetyMargin</c>, as <c>15s</c>, <c>500ms</c>, <c>2m</c> or <c>00:00:15</c>. What a strategy has besides stands in a
    /// section of its own, such as <c>LeaderElection:Redis</c>.</para>
    /// <para><c>file</c> elects in the folder that <c>LeaderElection:Directory</c> or the connection string <c>file</c> names,
    /// else in <c>./locks</c>, and creates it. <c>postgresql</c> creates its tables as well.</para>
    /// <para><c>LeaderElection:Election</c> and <c>LeaderElection:Candidate</c> are for the application to use; where they are
    /// set, they are checked with the others.</para>
    /// </remarks>
    /// <param name="builder">The application.</param>
    /// <returns>The application.</returns>
    /// <exception cref="Options.OptionsValidationException">A setting is not valid: each failure names it, its value and the rule.</exception>
    public static IHostApplicationBuilder AddElectionBackend(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = ElectionSettings.Read(builder.Configuration);
        return settings.Strategy switch
        {
            "redis" => builder.AddRedisElectionBackend("redis", settings.Apply),
            "postgresql" => builder.AddPostgreSqlElectionBackend("postgresql", postgreSql =>
            {
                settings.Apply(postgreSql);
                postgreSql.CreateSchema = true;
            }),
            "etcd" => builder.AddEtcdElectionBackend("etcd", settings.Apply),
            "zookeeper" => builder.AddZooKeeperElectionBackend("zookeeper", settings.Apply),
            "raft" => builder.AddRaftElectionBackend("raft", settings.Apply),
            _ => builder.AddFileElectionBackend("file", file =>
            {
                settings.Apply(file);
                file.Directory = settings.Directory ?? (file.Directory is "" ? DefaultDirectory : file.Directory);
                file.CreateDirectory = true;
            }),
        };
    }
}
