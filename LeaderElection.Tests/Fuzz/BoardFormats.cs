using System.Text;
using System.Text.Json;
using LeaderElection.Board.Candidates;
using LeaderElection.Board.Elections;
using LeaderElection.Board.Ledger;
using LeaderElection.Reports;
using Microsoft.AspNetCore.Http;

namespace LeaderElection.Tests.Fuzz;

/// <summary>What workers, and whoever reaches its port, send to the board.</summary>
internal static class BoardFormats
{
    private static readonly byte[][] Reports =
    [
        new CandidateReport { Election = "e", Strategy = "file", Candidate = "a", Role = CandidateReport.Follower }.ToUtf8Json(),
        new CandidateReport
        {
            Election = "e", Strategy = "raft", Candidate = "a", Role = CandidateReport.Leader, FencingToken = 7, LeaseRemaining = 1.5, LeaseDuration = 3,
            Since = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), Url = "http://127.0.0.1:5000", Pid = 1234, EndReason = "lease ran out",
            Actions = ["resign", "transfer"], Raft = new RaftReport("m0", 7, "m0", [new RaftPeerReport("m1", true, 0.02, 5, 6, false)]),
        }.ToUtf8Json(),
    ];

    private static readonly byte[][] Writes =
    [
        "e\01\0a\0an entry"u8.ToArray(),
        Encoding.UTF8.GetBytes($"{new string('n', 128)}\0{long.MaxValue}\0\0ein Eintrag, länger ▲"),
    ];

    public static readonly FuzzFormat[] All =
    [
        new("candidate-reports", Reports, ReadReport)
        {
            Words =
            [
                "null", "[]", "{}", "\"leader\"", "\"stopped\"", "-1", "1e308", "NaN", "0.0000001", "86400", "\"9999-12-31T23:59:59.9999999+14:00\"",
                "\"0001-01-01T00:00:00-14:00\"", "\"javascript:alert(1)\"", "\"http://[::1]:1/\"", "\"\\u0000\"", "\"\\ud800\"", "[null]", new('[', 70), "\"fencingToken\":9223372036854775807,",
            ],
        },
        new("ledger-requests", Writes, ReadWrite) { Words = ["\0", "..", "%2e%2e", "/", "\r\n", "+7", " 7", "0x7", "9223372036854775808", "-1", "\u2028"] },
    ];

    private static string? ReadReport(byte[] input)
    {
        CandidateReport report;
        try
        {
            report = CandidateReport.Parse(input);
        }
        catch (JsonException e)
        {
            return Printable(e.Message);
        }
        if (ReportRules.Explain(report) is { } problem)
            return problem;
        var written = report.ToUtf8Json();
        Assert.Equal(written, CandidateReport.Parse(written).ToUtf8Json());
        // What it says is listed, drawn and told to pages; after a report like any other.
        var time = new VirtualTime();
        using var roster = new CandidateRoster(time, new ChangeFeed());
        var connection = new object();
        Assert.Null(roster.Report(connection, CandidateReport.Parse(Reports[1])));
        Assert.Null(roster.Report(connection, report));
        JsonSerializer.Serialize(roster.List(), JsonSerializerOptions.Web);
        JsonSerializer.Serialize(roster.Find(new ElectionKey(report.Election, report.Strategy)), JsonSerializerOptions.Web);
        roster.Disconnect(connection);
        JsonSerializer.Serialize(roster.Figures(), JsonSerializerOptions.Web);
        return null;
    }

    private static string? ReadWrite(byte[] input)
    {
        // Four parts: the name in the path, two headers and the body.
        var parts = new List<byte[]>();
        var rest = input.AsSpan();
        while (parts.Count < 3 && rest.IndexOf((byte)0) is >= 0 and var end)
        {
            parts.Add(rest[..end].ToArray());
            rest = rest[(end + 1)..];
        }
        var body = rest.ToArray();
        var context = new DefaultHttpContext();
        if (parts.Count > 1)
            context.Request.Headers["Fencing-Token"] = Encoding.Latin1.GetString(parts[1]);
        if (parts.Count > 2 && parts[2].Length > 0)
            context.Request.Headers["Candidate"] = Encoding.Latin1.GetString(parts[2]);
        context.Request.Body = new MemoryStream(body);
        if (input.Length % 2 == 0)
            context.Request.ContentLength = body.Length;
        var reading = LedgerRequest.ReadAsync(parts.Count > 0 ? Encoding.UTF8.GetString(parts[0]) : "", context.Request);
        Assert.True(reading.IsCompleted);
        var (write, refusal) = reading.Result;
        if (write is null)
            return ((LeaderElection.Board.ErrorBody)((IValueHttpResult)refusal!).Value!).Error;
        Assert.Null(refusal);
        Assert.Equal(parts[0], Encoding.ASCII.GetBytes(write.Election));
        Assert.True(write.FencingToken >= 0 && ElectionNames.IsValid(write.Election) && write.Candidate is null == (parts.Count < 3 || parts[2].Length == 0));
        Assert.Equal(body, Encoding.UTF8.GetBytes(write.Text));
        return null;
    }

    /// <summary>As the socket shortens it.</summary>
    private static string Printable(string text) => string.Concat(text.Take(500).Select(c => char.IsControl(c) ? ' ' : c));
}
