using LeaderElection.Hosting;
using LeaderElection.Playground.Reporting;
using LeaderElection.Reports;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Worker;

public sealed class WorkerReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Report_TellsTheLease_WhatItOffers_AndWhyTheTermEnded()
    {
        await using var board = await ReportCollector.StartAsync();
        await using var worker = await StartAsync(board, "Development");

        var leads = await board.WaitForAsync(report => report.Role == CandidateReport.Leader, "a leader");
        Assert.Equal(15, leads.LeaseDuration);
        Assert.Equal(["resign", "crash", "freeze", "cut-off", "heal"], leads.Actions);
        Assert.Null(leads.EndReason);
        Assert.Null(leads.Raft);

        (await worker.PostAsync("/election/resign")).Dispose();
        var resigned = await board.WaitForAsync(report => report.EndReason is not null, "the end of the term");
        Assert.Equal((CandidateReport.Follower, "resigned"), (resigned.Role, resigned.EndReason));
        Assert.Null(resigned.LeaseDuration);

        await board.WaitForAsync(report => report.FencingToken > leads.FencingToken, "the next term");
        (await worker.PostAsync("/faults/freeze?for=5m")).Dispose();
        await board.WaitForAsync(report => report.EndReason == "lease ran out", "the end of the next term");
    }

    // The board believes a leader for what was left of its lease when it reported, so it must hear of it again before.
    [Theory]
    [InlineData(15_000, 1000)]
    [InlineData(1000, 250)]
    [InlineData(100, 50)]
    [InlineData(null, 1000)]
    public void Interval_OfALeader_IsAQuarterOfAShortLease(int? lease, int interval)
    {
        var status = new CandidateStatus(
            "demo", "file", "node-1", CandidateRole.Leader, 1, default, null, lease is { } ms ? TimeSpan.FromMilliseconds(ms) : null, null);

        Assert.Equal(TimeSpan.FromMilliseconds(interval), BoardReporter.Interval(status));
    }

    [Fact]
    public async Task Report_InProduction_OffersNoFaults()
    {
        await using var board = await ReportCollector.StartAsync();
        await using var worker = await StartAsync(board, "Production");

        var report = await board.WaitForAsync(_ => true, "a report");

        Assert.Equal(["resign"], report.Actions);
    }

    private Task<WorkerProcess> StartAsync(ReportCollector board, string environment) => WorkerProcess.StartAsync(
        _folder.Path, ["--node-id", "node-1", "--board", board.Address], environment);
}
