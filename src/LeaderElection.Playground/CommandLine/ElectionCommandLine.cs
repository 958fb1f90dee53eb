using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LeaderElection.Playground.CommandLine;

/// <summary>Short options for the settings of an election, such as <c>--strategy file --node-id node-1</c>.</summary>
public static class ElectionCommandLine
{
    private const int CannotRun = 1;
    private const int BadSettings = 2;

    /// <summary>Runs an application with the settings of its command line, until it is told to stop.</summary>
    /// <remarks>
    /// <c>--help</c> lists the options. What is wrong with them, or with a setting from elsewhere, is one line each on
    /// standard error, and so is whatever else keeps the application from running: a user can do something about it, and not
    /// with a stack trace.
    /// </remarks>
    /// <param name="args">The command line.</param>
    /// <param name="create">Creates the application with these settings, as <c>--KEY=VALUE</c>.</param>
    /// <returns>The exit code: 0, 1 if the application cannot run, or 2 for bad settings.</returns>
    public static async Task<int> RunAsync(string[] args, Func<string[], WebApplication> create)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(create);
        try
        {
            var arguments = new CommandLineArguments(args);
            if (arguments.Answer is { } answer)
                return await answer.InvokeAsync();
            await using var app = create(arguments.ToConfiguration());
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception exception)
        {
            var (lines, exitCode) = exception switch
            {
                OptionsValidationException settings => (settings.Failures.Select(CommandLineOption.Explain), BadSettings),
                // What ASP.NET says of a configuration file or an address that it cannot read.
                InvalidDataException => ([$"{exception.Message} {exception.InnerException?.Message}"], BadSettings),
                FormatException => ([exception.Message], BadSettings),
                _ => ([$"The worker cannot run: {exception.Message}"], CannotRun),
            };
            foreach (var line in lines)
                await Console.Error.WriteLineAsync(Text.OneLine(line));
            return exitCode;
        }
    }
}
