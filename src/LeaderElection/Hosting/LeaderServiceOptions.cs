namespace LeaderElection.Hosting;

/// <summary>How a <see cref="LeaderService"/> campaigns.</summary>
public sealed class LeaderServiceOptions
{
    /// <summary>Who campaigns: unique among the replicas.</summary>
    /// <value>
    /// Defaults to the service's name and instance id as OpenTelemetry has them (<c>OTEL_SERVICE_NAME</c>,
    /// <c>service.instance.id</c>), which under Aspire is the replica's name; else to machine name and process id.
    /// </value>
    public string CandidateId { get; set; } = DefaultCandidateId.Value;

    /// <summary>The key under which the backend was registered; <see langword="null"/> for the one without.</summary>
    public object? BackendKey { get; set; }

    /// <summary>How long to rest after a term that ended by itself, so that another replica gets its turn.</summary>
    /// <value>Defaults to 1 s.</value>
    public TimeSpan Rest { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest back-off after <see cref="LeaderService.LeadAsync"/> threw or the store refused.</summary>
    /// <value>Defaults to 30 s; the first is <see cref="Rest"/>, doubled each time.</value>
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long after the end of a leadership its work may go on before the process is ended, with exit code 1 and without
    /// further ado: for work that cannot be trusted to heed its token, where two workers are worse than none.
    /// </summary>
    /// <value>Defaults to <see langword="null"/>: the process goes on, and its health check says that the work has not stopped.</value>
    public TimeSpan? EndProcessAfter { get; set; }

    /// <summary>Ends the process. A shutdown of the application would wait for the work.</summary>
    internal Action EndProcess { get; set; } = static () => Environment.Exit(1);
}
