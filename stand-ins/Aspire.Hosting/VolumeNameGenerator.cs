using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class VolumeNameGenerator
{
    /// Application, a short hash of where it stands, resource, suffix: two copies of one AppHost do not share a volume.
    public static string Generate<T>(IResourceBuilder<T> builder, string suffix) where T : IResource
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(builder.ApplicationBuilder.AppHostDirectory)))[..10];
        return $"{builder.ApplicationBuilder.Environment.ApplicationName.ToLowerInvariant()}-{hash}-{builder.Resource.Name}-{suffix}";
    }
}
