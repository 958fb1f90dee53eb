using System.Globalization;
using LeaderElection.Leases;
using LeaderElection.Tests.Processes;
using LeaderElection.Tests.Servers;

namespace LeaderElection.Tests.Faults;

/// <summary>A lease runs out while the machine sleeps. A time namespace has slept for as long as it was told.</summary>
public sealed class SuspensionTests
{
    public const string Command = "suspended";

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    [TimeNamespaceFact]
    public async Task Lease_ConfirmedBeforeASleepThatOutlastsIt_IsOver()
    {
        Assert.Equal("valid", await LeaseAfterAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal("over", await LeaseAfterAsync(TimeSpan.FromMinutes(11)));
    }

    /// <summary>How a lease stands that was confirmed at this timestamp.</summary>
    public static int Main(string[] args)
    {
        using var clock = new LeaseClock(SystemTime.Or(null), Lease, 0, TimeSpan.Zero);
        clock.Confirm(long.Parse(args[1], CultureInfo.InvariantCulture));
        Console.WriteLine(clock.IsValid ? "valid" : "over");
        return 0;
    }

    private static async Task<string> LeaseAfterAsync(TimeSpan sleep)
    {
        string[] command = [.. TimeNamespace.After(sleep), "dotnet", typeof(SuspensionTests).Assembly.Location, Command, $"{SystemTime.Instance.GetTimestamp()}"];
        await using var process = ChildProcess.Start(command[0], command[1..]);
        Assert.Equal(0, await process.WaitForExitAsync());
        return Assert.Single(process.StandardOutput);
    }
}
