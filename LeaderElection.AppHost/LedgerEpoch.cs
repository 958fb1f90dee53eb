using System.Diagnostics;
using System.Globalization;

namespace LeaderElection.AppHost;

/// <summary>
/// The board's ledger outlives the stores: between two runs a volume is removed, or containers take the place of native
/// servers, and fencing tokens start over. So tokens of a later run rank above all of an earlier one.
/// </summary>
internal static class LedgerEpoch
{
    private static readonly string OfThisRun = Started();

    /// <summary>Lets a candidate say of which run its fencing tokens are.</summary>
    public static IResourceBuilder<ProjectResource> WithLedgerEpoch(this IResourceBuilder<ProjectResource> worker) =>
        worker.ApplicationBuilder.ExecutionContext.IsRunMode ? worker.WithEnvironment("LeaderElection__LedgerEpoch", OfThisRun) : worker;

    /// <summary>When this application was started, in milliseconds of Unix time.</summary>
    private static string Started()
    {
        using var self = Process.GetCurrentProcess();
        return new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
    }
}
