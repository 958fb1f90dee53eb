using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LeaderElection.AppHost;

/// <summary>The folder of an AppHost's data, which is its alone for as long as it runs: two side by side have one each.</summary>
internal sealed class DataFolder : BackgroundService
{
    private const string MarkName = ".in-use";
    private const int MostSideBySide = 99;

    private readonly FileStream _mark;

    private DataFolder(string path, int number, FileStream mark) => (Path, Number, _mark) = (path, number, mark);

    public string Path { get; }

    /// <summary>1 for the first AppHost of a project, 2 for the one that runs beside it, and so on.</summary>
    public int Number { get; }

    /// <summary>Takes the folder that was given, or else <c>data</c> beside the AppHost's project, <c>data-2</c> where that is taken, and so on.</summary>
    /// <exception cref="FormatException">It cannot be used; the message is one line for the user.</exception>
    public static DataFolder TakeFor(IDistributedApplicationBuilder builder, string? given)
    {
        var first = given ?? System.IO.Path.Combine(builder.AppHostDirectory, "data");
        for (var number = 1; number <= (given is null ? MostSideBySide : 1); number++)
        {
            if (TryTake(number == 1 ? first : $"{first}-{number}", number) is not { } folder)
                continue;
            builder.Services.AddHostedService(_ => folder);
            return folder;
        }
        throw new FormatException($"--data-dir: {first} is used by another AppHost that runs");
    }

    public override void Dispose()
    {
        _mark.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;

    private static DataFolder? TryTake(string path, int number)
    {
        try
        {
            Directory.CreateDirectory(path);
            var mark = System.IO.Path.Combine(path, MarkName);
            return new DataFolder(path, number, new FileStream(mark, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose));
        }
        catch (IOException) when (Directory.Exists(path))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"--data-dir: {e.Message}", e);
        }
    }
}
