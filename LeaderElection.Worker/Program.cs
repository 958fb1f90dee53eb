using System.CommandLine;
using LeaderElection.Worker.Settings;
using Microsoft.Extensions.Options;

namespace LeaderElection.Worker;

internal static class Program
{
    private const int CannotRun = 1;
    private const int BadSettings = 2;

    public static async Task<int> Main(string[] args)
    {
        try
        {
            var commandLine = new WorkerCommandLine(args);
            if (commandLine.Answer is { } answer)
                return await answer.InvokeAsync();
            await using var app = WorkerApp.Create(commandLine.ToConfiguration());
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            return 0;
        }
        // The user can do something about each of these, and not with a stack trace.
        catch (Exception exception)
        {
            var (lines, exitCode) = exception switch
            {
                SettingsException settings => (settings.Problems, BadSettings),
                OptionsValidationException options => (options.Failures, BadSettings),
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
