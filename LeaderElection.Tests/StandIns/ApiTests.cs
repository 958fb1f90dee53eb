using System.Reflection;

namespace LeaderElection.Tests.StandIns;

public class ApiTests
{
    private static readonly Dictionary<string, HashSet<string>> Real = Read();

    [Theory]
    [InlineData("Aspire.Hosting")]
    [InlineData("Aspire.Hosting.Redis")]
    [InlineData("Aspire.Hosting.Testing")]
    public void PublicMembers_AreThoseOfAspire(string name)
    {
        var assembly = Assembly.Load(name);
        if (!StandIn.IsStandIn(assembly))
            return;

        var types = assembly.GetExportedTypes().Where(type => !type.IsNested).ToList();
        var invented = types.Select(type => (Type: type, Members: Real.GetValueOrDefault(ApiSignature.OfType(type))))
            .SelectMany(pair => pair.Members is null
                ? [ApiSignature.OfType(pair.Type)]
                : ApiSignature.OfMembers(pair.Type).Where(member => !pair.Members.Contains(member)).Select(member => $"{pair.Type.Name}: {member}"));

        Assert.NotEmpty(types);
        var report = string.Join(Environment.NewLine, invented);
        Assert.True(report.Length == 0, report);
    }

    private static Dictionary<string, HashSet<string>> Read()
    {
        var types = new Dictionary<string, HashSet<string>>();
        HashSet<string>? members = null;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "StandIns", "aspire-13.5-api.txt")).Where(line => !line.StartsWith('#')))
        {
            if (!line.StartsWith(' '))
                types[line.Split(" : ")[0].Split(" [")[0]] = members = [];
            else
                members!.Add(line.Trim());
        }

        return types;
    }
}
