using System.Globalization;
using System.Text.Json;
using LeaderElection.Benchmarks.Peers;

namespace LeaderElection.Benchmarks.Reports;

/// <summary>What a run found: shown line by line as it goes, then as a table, then as JSON.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly Lock _lock = new();
    private readonly List<Series> _series = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _stores = [];

    public void Add(Series series)
    {
        lock (_lock)
        {
            _series.Add(series);
            output.WriteLine(Line(series));
        }
    }

    /// <summary>What the reader should know; repeated at the end.</summary>
    public void Note(string text)
    {
        lock (_lock)
        {
            if (_notes.Contains(text))
                return;
            _notes.Add(text);
            output.WriteLine(text);
        }
    }

    public void Store(string where, string description)
    {
        lock (_lock)
        {
            if (_stores.TryAdd(where, description))
                output.WriteLine($"{where}: {description}");
        }
    }

    public void Say(string text)
    {
        lock (_lock) output.WriteLine(text);
    }

    public void WriteTable()
    {
        var rows = new List<string[]> { new[] { "measure", "strategy", "n", "median", "p95", "max", "unit", "peer", "median", "ratio" } };
        foreach (var ours in _series.Where(s => s.Subject == Contender.Ours))
        {
            var peers = _series.Where(s => s.Measure == ours.Measure && s.Where == ours.Where && s.Subject != Contender.Ours).ToArray();
            string[] row = [ours.Build is { } build ? $"{ours.Measure}, {build}" : ours.Measure, ours.Where, $"{ours.Values.Count}", Text(ours.Median), Text(ours.P95), Text(ours.Max), ours.Unit];
            if (peers is [])
                rows.Add([.. row, "", "", ""]);
            for (var i = 0; i < peers.Length; i++)
            {
                string[] left = i == 0 ? row : ["", "", "", "", "", "", ""];
                rows.Add([.. left, peers[i].Subject, Text(peers[i].Median), peers[i].Median > 0 ? Text(ours.Median / peers[i].Median) : "-"]);
            }
        }
        output.WriteLine();
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, i) => i is 0 or 1 or 6 or 7 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
        if (_notes.Count > 0)
            output.WriteLine();
        foreach (var note in _notes)
            output.WriteLine(note);
    }

    public async Task WriteJsonAsync(string file, string command, Machine machine)
    {
        var json = new
        {
            command,
            machine = machine.Facts,
            loadAtStart = machine.LoadAtStart,
            loadAtEnd = Machine.Load(),
            stores = _stores,
            notes = _notes,
            series = _series.Select(s => new { s.Measure, s.Where, s.Subject, s.Build, s.Unit, n = s.Values.Count, s.Median, s.P95, s.Max, s.Values }),
        };
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, json, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase });
    }

    private static string Line(Series s) => s.Values.Count == 1
        ? $"  {What(s)}: {Text(s.Median)} {s.Unit}"
        : $"  {What(s)}: n={s.Values.Count} median={Text(s.Median)} p95={Text(s.P95)} max={Text(s.Max)} {s.Unit}";

    private static string What(Series s) => $"{s.Measure}, {s.Where}, {s.Subject}{(s.Build is { } build ? $" ({build})" : "")}";

    private static string Text(double value) => value.ToString(Math.Abs(value) switch { 0 => "0", < 1 => "0.000", < 100 => "0.00", < 1000 => "0.0", _ => "0" }, CultureInfo.InvariantCulture);
}
