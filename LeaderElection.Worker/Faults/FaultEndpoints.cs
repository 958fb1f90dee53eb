using System.Diagnostics;
using LeaderElection.Worker.Settings;
using LeaderElection.Worker.Status;

namespace LeaderElection.Worker.Faults;

internal static partial class FaultEndpoints
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static void MapFaults(this IEndpointRouteBuilder endpoints)
    {
        var faults = endpoints.MapGroup("/faults").RefuseForeignPages();
        faults.MapPost("/crash", Crash);
        faults.MapPost("/freeze", (string? @for, FaultInjection injection, ILogger<FaultInjection> logger) => ForSomeTime("freeze", @for, injection.Freeze, logger));
        faults.MapPost("/cut-off", (string? @for, FaultInjection injection, ILogger<FaultInjection> logger) => ForSomeTime("cut-off", @for, injection.CutOff, logger));
        faults.MapPost("/resign", ElectionEndpoint.ResignAsync);
    }

    private static void Crash()
    {
        // As by kill -9: nothing is handed over, closed or flushed.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static IResult ForSomeTime(string fault, string? duration, Action<TimeSpan> inject, ILogger logger)
    {
        if (!Durations.TryParse(duration, out var time) || time <= TimeSpan.Zero || time > Longest)
            return Results.Text($"for: how long, such as {Durations.Examples}; more than 0, at most 1h\n", statusCode: StatusCodes.Status400BadRequest);
        inject(time);
        LogFault(logger, fault, time.TotalSeconds);
        return Results.Accepted();
    }

    [LoggerMessage(50, LogLevel.Warning, "fault injected: {Fault} for {Duration} s")]
    private static partial void LogFault(ILogger logger, string fault, double duration);
}
