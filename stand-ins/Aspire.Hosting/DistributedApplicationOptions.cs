using System.Reflection;

namespace Aspire.Hosting;

public sealed class DistributedApplicationOptions
{
    public string[]? Args { get; set; }

    public string? AssemblyName { get; set; }

    public bool DisableDashboard { get; set; }

    internal Assembly? Assembly => AssemblyName is null ? System.Reflection.Assembly.GetEntryAssembly() : System.Reflection.Assembly.Load(AssemblyName);
}
