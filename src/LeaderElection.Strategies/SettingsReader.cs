using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace LeaderElection.Strategies;

/// <summary>Reads settings as people write them, and collects what is wrong: a line each, that begins with the setting's key.</summary>
internal sealed class SettingsReader(IConfiguration configuration)
{
    private readonly List<string> _problems = [];

    /// <summary>A setting; <see langword="null"/> if it is not set. An empty environment variable is one that was not set.</summary>
    public string? Text(string key) => configuration[key] is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;

    public string? Name(string key)
    {
        var name = Text(key);
        if (name is not null && !ElectionNames.IsValid(name))
            Problem(key, $"1 to {ElectionNames.MaxLength} of A-Z a-z 0-9 . _ -");
        return name;
    }

    public TimeSpan? Duration(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (Durations.TryParse(text, out var duration))
            return duration;
        Problem(key, $"a duration, such as {Durations.Examples}");
        return null;
    }

    public bool? Flag(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (bool.TryParse(text, out var flag))
            return flag;
        Problem(key, "true or false");
        return null;
    }

    public long? Number(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        Problem(key, "a whole number from 0");
        return null;
    }

    public void Problem(string key, string rule) => _problems.Add($"{key} is '{Text(key)}'; it must be {rule}");

    public void Add(string problem) => _problems.Add(problem);

    /// <exception cref="OptionsValidationException">Something was wrong.</exception>
    public T Checked<T>(T settings) where T : class =>
        _problems is [] ? settings : throw new OptionsValidationException(ElectionSettings.Section, typeof(T), _problems);
}
