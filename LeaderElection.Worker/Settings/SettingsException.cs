namespace LeaderElection.Worker.Settings;

/// <summary>Settings that the worker cannot start with: one line for each problem.</summary>
internal sealed class SettingsException(IEnumerable<string> problems) : Exception("The settings are not valid.")
{
    public IEnumerable<string> Problems { get; } = problems;
}
