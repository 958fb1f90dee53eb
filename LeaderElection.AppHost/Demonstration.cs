using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

internal static class Demonstration
{
    /// <summary>Runs the application until Ctrl+C, or until the scenario that was asked for is over.</summary>
    /// <returns>The exit code.</returns>
    public static int RunDemonstration(this IDistributedApplicationBuilder builder, AppHostOptions options)
    {
        if (options.Scenario is null || !builder.ExecutionContext.IsRunMode)
        {
            if (builder.ExecutionContext.IsRunMode)
                builder.Services.AddEarlyHostedService<StartReport>();
            builder.Build().Run();
            return 0;
        }

        if (!builder.Environment.IsDevelopment())
        {
            Console.Error.WriteLine($"--scenario {options.Scenario}: scenarios do harm, so they run in Development only, not in {builder.Environment.EnvironmentName}");
            return 2;
        }

        builder.Services.AddSingleton(options);
        builder.Services.AddEarlyHostedService<ScenarioRun>();
        var app = builder.Build();
        var scenario = app.Services.GetRequiredService<ScenarioRun>();
        app.Run();
        return scenario.Passed ? 0 : 1;
    }
}
