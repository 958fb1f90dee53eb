using System.Globalization;
using System.Runtime.InteropServices;

namespace LeaderElection.Benchmarks.Reports;

/// <summary>What the figures were made on.</summary>
internal sealed class Machine
{
    private Machine()
    {
    }

    public IReadOnlyDictionary<string, string> Facts { get; } = new Dictionary<string, string>
    {
        ["cores"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        ["processor"] = Value("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        ["memory"] = Value("/proc/meminfo", "MemTotal") ?? $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MB",
        ["system"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["at"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
    };

    public string LoadAtStart { get; } = Load();

    public static Machine Look() => new();

    /// <summary>The load average of 1, 5 and 15 minutes.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    public override string ToString() =>
        $"{Facts["cores"]} cores, {Facts["processor"]}, {Facts["memory"]}, {Facts["system"]}, {Facts["runtime"]}, {Facts["at"]}, load {LoadAtStart}";

    private static string? Value(string file, string key) => File.Exists(file)
        ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':')[1].Trim()
        : null;
}
