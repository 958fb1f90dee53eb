using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace LeaderElection.Hosting;

/// <summary>The container runtime of this machine that Aspire's orchestrator takes.</summary>
internal sealed class ContainerRuntime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PullLimit = TimeSpan.FromMinutes(2);

    // Asked once: a runtime that does not answer takes its time not to.
    private static readonly ConcurrentDictionary<string, bool> Answering = [];

    private ContainerRuntime(string command) => Command = command;

    /// <summary>The program, such as <c>docker</c>.</summary>
    public string Command { get; }

    /// <summary>The one that the setting names, else Docker, else Podman; <see langword="null"/> if it does not answer.</summary>
    public static ContainerRuntime? Find(IConfiguration configuration)
    {
        string[] commands = (configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"]) is { Length: > 0 } configured
            ? [configured]
            : ["docker", "podman"];
        return Array.Find(commands, command => Answering.GetOrAdd(command, Answers)) is { } found ? new ContainerRuntime(found) : null;
    }

    /// <summary>Whether an image is on this machine.</summary>
    /// <param name="image">Its name in full: registry, name and tag.</param>
    public bool Has(string image) => Run(Command, Patience, "image", "inspect", image).ExitCode == 0;

    /// <summary>Sees to it that an image is on this machine, by a pull if need be.</summary>
    /// <param name="image">Its name in full: registry, name and tag.</param>
    /// <param name="trouble">Why it is not, in one line.</param>
    public bool TryGet(string image, [NotNullWhen(false)] out string? trouble)
    {
        trouble = null;
        if (Has(image))
            return true;

        Console.WriteLine($"{Command} pulls {image}, once");
        var (exitCode, error) = Run(Command, PullLimit, "pull", "--quiet", image);
        if (exitCode == 0)
            return true;
        trouble = exitCode is null ? $"{Command} did not pull {image} within {PullLimit.TotalMinutes} minutes" : $"{Command} cannot pull {image}: {error}";
        return false;
    }

    // The question by which the orchestrator finds its runtime: it needs the daemon, too.
    private static bool Answers(string command) => Run(command, Patience, "container", "ls", "-n", "1").ExitCode == 0;

    /// <returns>Its exit code, or <see langword="null"/> if it did not end in time; and the last line that it wrote to the error stream.</returns>
    private static (int? ExitCode, string Error) Run(string command, TimeSpan limit, params string[] arguments)
    {
        try
        {
            var error = string.Empty;
            using var process = new Process { StartInfo = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true } };
            process.ErrorDataReceived += (_, e) => error = string.IsNullOrWhiteSpace(e.Data) ? error : string.Concat(e.Data.Where(c => !char.IsControl(c)));
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (process.WaitForExit(limit))
            {
                // Without a limit it waits for the rest of the output as well.
                process.WaitForExit();
                return (process.ExitCode, error);
            }

            process.Kill(entireProcessTree: true);
            return (null, error);
        }
        catch (Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
