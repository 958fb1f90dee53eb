using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LeaderElection.Strategies;
using Microsoft.Extensions.Options;

namespace LeaderElection.Playground.CommandLine;

/// <summary>The command line. It only names settings; what their values mean is found out for all sources alike, where they are read.</summary>
internal sealed class CommandLineArguments
{
    private static readonly string[] Names = ["--help", "--version", .. CommandLineOption.All.SelectMany(o => o.Aliases.Prepend(o.Name))];

    private readonly ParseResult _result;

    /// <exception cref="OptionsValidationException">It has an option that does not exist, or one without its value.</exception>
    public CommandLineArguments(string[] args)
    {
        var command = new RootCommand(
            "A replica that campaigns in an election and, while it leads, does the leader's work. "
            + "Start it in several terminals. A DURATION is 15s, 500ms, 2m or 00:00:15. Each option can also be set in "
            + "appsettings.json and in the environment, for example LeaderElection__LeaseDuration=15s; the command line is strongest.")
        {
            // Told by ourselves, with the option that was probably meant.
            TreatUnmatchedTokensAsErrors = false,
        };
        foreach (var option in CommandLineOption.All)
        {
            command.Options.Add(option.ValueName is null
                ? new Option<bool>(option.Name) { Description = option.Description }
                : new Option<string>(option.Name, option.Aliases) { Description = option.Description, HelpName = option.ValueName });
        }
        _result = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        // Else the help would promise to pass them on.
        command.TreatUnmatchedTokensAsErrors = true;
        if (Answer is null && Problems().ToArray() is { Length: > 0 } problems)
            throw new OptionsValidationException(ElectionSettings.Section, typeof(CommandLineOption), problems);
    }

    /// <summary>What was asked for instead of a start: help, or the version.</summary>
    public ParseResult? Answer => _result.Action is null or ParseErrorAction ? null : _result;

    /// <summary>The settings, for a configuration that takes command lines.</summary>
    public string[] ToConfiguration() =>
        [.. from option in CommandLineOption.All
            where _result.GetResult(option.Name) is OptionResult { Implicit: false }
            let value = option.ValueName is null ? _result.GetValue<bool>(option.Name).ToString() : _result.GetValue<string>(option.Name)
            select $"--{option.Key}={value}"];

    private IEnumerable<string> Problems()
    {
        foreach (var error in _result.Errors)
            yield return error.Message;
        var unknown = _result.UnmatchedTokens.Where(t => t.StartsWith('-')).ToArray();
        foreach (var token in unknown)
            yield return Unknown(token.Split('=')[0]);
        // What follows an unknown option was its value.
        if (unknown is [])
        {
            foreach (var token in _result.UnmatchedTokens)
                yield return $"'{token}' is not an option; options begin with --, see --help";
        }
    }

    private static string Unknown(string option)
    {
        var (nearest, distance) = Names.Select(name => (name, Distance: Distance(option, name))).MinBy(n => n.Distance);
        return distance <= Math.Max(2, option.Length / 4)
            ? $"{option} is not an option; did you mean {nearest}?"
            : $"{option} is not an option; there are {string.Join(", ", Names)}";
    }

    /// <summary>How many letters to insert, leave out or replace (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
