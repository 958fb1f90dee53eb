using LeaderElection.Playground.CommandLine;
using LeaderElection.Worker;

return await ElectionCommandLine.RunAsync(args, settings =>
{
    var builder = WebApplication.CreateBuilder(settings);
    builder.AddServiceDefaults();
    // Hosted services stop together, so that a slow HTTP request does not hold up the resignation.
    builder.Services.Configure<HostOptions>(host => (host.ServicesStopConcurrently, host.ShutdownTimeout) = (true, TimeSpan.FromSeconds(5)));

    // Where LeaderElection:Strategy says, at the connection string of that name.
    builder.AddElectionBackend();
    builder.Services.AddLeaderService<LedgerWriter>(
        builder.Configuration["LeaderElection:Election"] ?? "demo",
        leader => leader.CandidateId = builder.Configuration["LeaderElection:Candidate"] ?? leader.CandidateId);

    // The demonstration: nothing outside of Development, unless told to.
    builder.AddElectionPlayground();

    var app = builder.Build();
    app.MapDefaultEndpoints();
    app.MapElectionPlayground();
    return app;
});
