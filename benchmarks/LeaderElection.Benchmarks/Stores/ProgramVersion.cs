using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Stores;

internal static class ProgramVersion
{
    /// <summary>The first line that a program prints when it is asked for its version; "none" where it is not installed.</summary>
    public static async Task<string> OfAsync(string program, params string[] arguments)
    {
        try
        {
            await using var process = ChildProcess.Start(program, arguments);
            await process.WaitForExitAsync();
            return process.StandardOutput.FirstOrDefault(line => line.Trim().Length > 0)?.Trim() ?? "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "none";
        }
    }
}
