namespace LeaderElection.Tests.Processes;

internal static class BuildOutput
{
    /// <summary>The program of a project of this repository, built in the same configuration as the tests.</summary>
    public static string Of(string project)
    {
        // .../LeaderElection.Tests/bin/Debug/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var repository = output.Parent!.Parent!.Parent!.Parent!.FullName;
        var program = Path.Combine(repository, project, "bin", output.Parent!.Name, output.Name, Path.GetFileName(project) + ".dll");
        return File.Exists(program)
            ? program
            : throw new FileNotFoundException($"{program} is not there: the test project has to reference {project}, so that it is built first.");
    }
}
