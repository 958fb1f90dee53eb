using LeaderElection.Strategies;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LeaderElection.Playground;

/// <summary>What the playground was told.</summary>
internal sealed class PlaygroundSettings
{
    public const string PlaygroundKey = $"{ElectionSettings.Section}:Playground";
    public const string BoardKey = $"{ElectionSettings.Section}:Board";
    public const string LedgerEpochKey = $"{ElectionSettings.Section}:LedgerEpoch";
    public const string WorkIntervalKey = $"{ElectionSettings.Section}:WorkInterval";
    public const string StatusKey = $"{ElectionSettings.Section}:Status";

    private static readonly TimeSpan ShortestWork = TimeSpan.FromMilliseconds(1);

    /// <summary>Whether to show and tell anything: in Development, where a board is configured, or where it was asked for.</summary>
    public required bool IsOn { get; init; }

    /// <summary>The board's address; <see langword="null"/> to do without.</summary>
    public Uri? Board { get; init; }

    /// <summary>Of which life of the store the fencing tokens are, where the board's ledger may have seen an earlier one.</summary>
    public long? LedgerEpoch { get; init; }

    public required TimeSpan WorkInterval { get; init; }

    /// <summary>Whether to print the state once a second.</summary>
    public bool Status { get; init; }

    /// <exception cref="OptionsValidationException">One or more are not valid.</exception>
    public static PlaygroundSettings Read(IConfiguration configuration, IHostEnvironment environment)
    {
        var reader = new SettingsReader(configuration);
        var board = ReadBoard(configuration, reader);
        var status = reader.Flag(StatusKey);
        var isOn = reader.Flag(PlaygroundKey) ?? (environment.IsDevelopment() || board is not null || status == true);
        var work = reader.Duration(WorkIntervalKey) ?? TimeSpan.FromMilliseconds(500);
        if (work < ShortestWork || work > TimeSpan.FromHours(1))
            reader.Problem(WorkIntervalKey, "from 1ms to 1h");
        return reader.Checked(new PlaygroundSettings
        {
            IsOn = isOn,
            Board = isOn ? board : null,
            LedgerEpoch = reader.Number(LedgerEpochKey),
            WorkInterval = work,
            Status = status ?? !Console.IsOutputRedirected,
        });
    }

    private static Uri? ReadBoard(IConfiguration configuration, SettingsReader reader)
    {
        if ((reader.Text(BoardKey) ?? configuration["services:board:http:0"]) is not { Length: > 0 } text)
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.UserInfo != "")
        {
            // Not repeated where somebody may have put a password into it; the board asks for none.
            var shown = text.Contains('@', StringComparison.Ordinal) ? "has a user" : $"is '{text}'";
            reader.Add($"{BoardKey} {shown}; it must be an address such as http://localhost:8080");
            return null;
        }
        // Where the board is a service of the application, its name stands for its address.
        return configuration[$"services:{address.Host}:{address.Scheme}:0"] is { } found ? new Uri(found) : address;
    }
}
