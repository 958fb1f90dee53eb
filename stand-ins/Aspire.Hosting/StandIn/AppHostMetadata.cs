using System.Reflection;

namespace Aspire.Hosting.StandIn;

/// What Projects.targets writes into an AppHost's assembly.
internal static class AppHostMetadata
{
    public static string? ProjectDirectory(Assembly? appHost) => Find(appHost, "apphostprojectpath");

    public static string? TargetPath(Assembly? appHost, string projectPath) => Find(appHost, "targetpath:" + Path.GetFileNameWithoutExtension(projectPath));

    private static string? Find(Assembly? assembly, string key) => assembly?.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(attribute => string.Equals(attribute.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;
}
