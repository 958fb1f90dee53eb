namespace LeaderElection.Tests.Processes;

internal static class BuildOutput
{
    /// <summary>The folder of the solution.</summary>
    // The tests run in LeaderElection.Tests/bin/CONFIGURATION/net10.0/.
    public static string Repository => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

    /// <summary>The program of a project of this repository, built in the same configuration as the tests.</summary>
    public static string Of(string project)
    {
        // .../LeaderElection.Tests/bin/Debug/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(Repository, project, "bin", output.Parent!.Name, output.Name, Path.GetFileName(project) + ".dll");
        return File.Exists(program)
            ? program
            : throw new FileNotFoundException($"{program} is not there: the test project has to reference {project}, so that it is built first.");
    }
}
