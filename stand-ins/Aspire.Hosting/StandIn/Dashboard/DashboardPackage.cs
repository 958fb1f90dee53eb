using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Aspire.Hosting.StandIn.Dashboard;

/// The dashboard, as the npm package of the Aspire command line brings it. Fetched once, kept in the user's cache folder.
internal sealed class DashboardPackage(Watchdog watchdog)
{
    private const string Version = "13.5.4";

    // What npm states as dist.integrity. A platform that is not listed is compared with what the registry states then.
    private static readonly Dictionary<string, string> KnownIntegrity = new()
    {
        ["linux-x64"] = "sha512-8PWeRHM1+QwQB2wxDnfPsimi3EW01r04b4DjX0jIDE78SlfJabwVfYArW/48vDzYvPzKSRye6DIPVAsCFoXjBA==",
    };

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(200);

    private static readonly string Executable = OperatingSystem.IsWindows() ? ".exe" : string.Empty;

    private readonly string _folder = Path.Combine(CacheFolder, "aspire-dashboard", $"{Version}-{Platform}");

    private string Program => Path.Combine(_folder, "aspire-managed" + Executable);

    private static string Name => $"@microsoft/aspire-cli-{Platform}@{Version}";

    private static string Platform { get; } = string.Join('-',
        OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux",
        RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant());

    private static string CacheFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache) ? cache
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "leader-election");

    /// Whether it is worth a try: it is here, or there is an npm to fetch it.
    public bool CanBeHad => File.Exists(Program) || Npm.Find() is not null;

    /// The dashboard's program. Several AppHosts at once wait for the one that fetches it.
    public async Task<string> GetAsync(Action<string> report, CancellationToken cancellationToken)
    {
        if (File.Exists(Program))
            return Program;

        if (Npm.Find() is not { } npm)
            throw new DashboardUnavailableException($"npm is missing, which would bring it ({Name})");

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder)!);
            await using var taken = await LockAsync(report, cancellationToken);
            if (!File.Exists(Program))
                await InstallAsync(new(npm, watchdog), report, cancellationToken);

            return Program;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or System.ComponentModel.Win32Exception)
        {
            throw new DashboardUnavailableException(e.Message);
        }
    }

    private async Task<FileStream> LockAsync(Action<string> report, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return new(_folder + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (isFirst)
                    report("Another application is fetching the dashboard; waiting for it.");
            }

            await Task.Delay(LockPause, TimeProvider.System, cancellationToken);
        }
    }

    private async Task InstallAsync(Npm npm, Action<string> report, CancellationToken cancellationToken)
    {
        // Beside its place, so that the last step is a rename within one file system.
        var work = Directory.CreateDirectory($"{_folder}.{Guid.NewGuid():N}").FullName;
        try
        {
            report($"Fetching the dashboard, once: {Name}, about 130 MB.");
            var expected = KnownIntegrity.GetValueOrDefault(Platform) ?? await npm.IntegrityOfAsync(Name, work, cancellationToken);
            var archive = await npm.PackAsync(Name, work, cancellationToken);

            report("Unpacking the dashboard.");
            await CheckAsync(archive, expected, cancellationToken);
            var bundle = await UnpackAsync(archive, work, cancellationToken);

            if (Directory.Exists(_folder))
                Directory.Delete(_folder, recursive: true);

            Directory.Move(bundle, _folder);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task CheckAsync(string archive, string expected, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(archive);
        var found = "sha512-" + Convert.ToBase64String(await SHA512.HashDataAsync(file, cancellationToken));
        if (found != expected)
            throw new DashboardUnavailableException($"the package {Name} is not the expected one: its digest is {found}, expected was {expected}");
    }

    /// The package holds the command line as one program, which has the dashboard within itself and can unpack it.
    private async Task<string> UnpackAsync(string archive, string work, CancellationToken cancellationToken)
    {
        var program = Path.Combine(Directory.CreateDirectory(Path.Combine(work, "bin")).FullName, "aspire" + Executable);
        await using (var file = File.OpenRead(archive))
        await using (var unzipped = new GZipStream(file, CompressionMode.Decompress))
        await using (var tar = new TarReader(unzipped))
        {
            while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
            {
                if (entry.Name == $"package/bin/aspire{Executable}")
                    await entry.ExtractToFileAsync(program, overwrite: false, cancellationToken);
            }
        }

        // Its home is in the folder that goes away afterwards, so that it leaves nothing in the user's.
        var environment = new Dictionary<string, string> { ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "1", ["HOME"] = work, ["USERPROFILE"] = work };
        var exitCode = await ChildProcess.RunAsync(new(program, work, ["setup"], environment), watchdog, (_, _) => { }, cancellationToken);
        var managed = Directory.EnumerateFiles(Path.Combine(work, "versions"), "aspire-managed" + Executable, SearchOption.AllDirectories).FirstOrDefault();
        return exitCode == 0 && managed is not null
            ? Path.GetDirectoryName(managed)!
            : throw new DashboardUnavailableException($"{Name} could not be unpacked: exit code {exitCode}");
    }
}
