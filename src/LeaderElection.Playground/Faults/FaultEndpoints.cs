using System.Diagnostics;
using LeaderElection.Playground.Status;
using LeaderElection.Strategies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace LeaderElection.Playground.Faults;

internal static partial class FaultEndpoints
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static void MapFaults(this IEndpointRouteBuilder endpoints)
    {
        var faults = endpoints.MapGroup("/faults").RefuseForeignPages();
        faults.MapPost("/crash", Crash);
        faults.MapPost("/freeze", Freeze);
        faults.MapPost("/cut-off", CutOff);
        faults.MapPost("/heal", Heal);
        faults.MapPost("/resign", ElectionEndpoint.ResignAsync);
    }

    private static void Crash()
    {
        // As by kill -9: nothing is handed over, closed or flushed.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static IResult Freeze(string? @for, FaultInjection injection, ILogger<FaultInjection> logger)
    {
        if (Duration(@for) is not { } time)
            return BadDuration();
        injection.Freeze(time);
        LogFault(logger, "freeze", time.TotalSeconds);
        return Results.Accepted();
    }

    private static IResult CutOff(string? @for, string? from, FaultInjection injection, RaftMember raft, ILogger<FaultInjection> logger)
    {
        var time = Duration(@for);
        if (@for is not null && time is null)
            return BadDuration();
        var members = from?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (members is not null && Refusal(members, raft.Peers) is { } refusal)
            return Answer(refusal, StatusCodes.Status400BadRequest);
        injection.CutOffFrom(time, members);
        LogCutOff(logger, members is null ? "all" : string.Join(", ", members), time?.TotalSeconds);
        return Results.Accepted();
    }

    private static IResult Heal(FaultInjection injection, ILogger<FaultInjection> logger)
    {
        injection.Heal();
        LogHealed(logger);
        return Results.Accepted();
    }

    private static string? Refusal(string[] members, IReadOnlyList<string>? peers)
    {
        if (peers is null)
            return "from: only members of raft can be cut off from one another";
        return members is [] ? $"from: which members, of {string.Join(", ", peers)}"
            : members.Except(peers).FirstOrDefault() is { } unknown ? $"from: '{Text.OneLine(unknown)}' is not another member; there are {string.Join(", ", peers)}"
            : null;
    }

    private static TimeSpan? Duration(string? text) =>
        Durations.TryParse(text, out var time) && time > TimeSpan.Zero && time <= Longest ? time : null;

    private static IResult BadDuration() => Answer($"for: how long, such as {Durations.Examples}; more than 0, at most 1h", StatusCodes.Status400BadRequest);

    private static IResult Answer(string line, int statusCode) => Results.Text($"{line}\n", statusCode: statusCode);

    [LoggerMessage(50, LogLevel.Warning, "fault injected: {Fault} for {Duration} s")]
    private static partial void LogFault(ILogger logger, string fault, double duration);

    [LoggerMessage(51, LogLevel.Warning, "fault injected: cut off from {Members} for {Duration} s (none: until healed)")]
    private static partial void LogCutOff(ILogger logger, string members, double? duration);

    [LoggerMessage(52, LogLevel.Warning, "faults healed")]
    private static partial void LogHealed(ILogger logger);
}
