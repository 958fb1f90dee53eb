namespace LeaderElection.Redis;

/// <summary>The scripts; the client sends each once to a server, and calls it by its hash after that.</summary>
internal static class RedisScript
{
    public static string Claim { get; } = Read("claim.lua");

    public static string Renew { get; } = Read("renew.lua");

    public static string Release { get; } = Read("release.lua");

    public static string Set { get; } = Read("set.lua");

    public static string Raise { get; } = Read("raise.lua");

    public static string Adopt { get; } = Read("adopt.lua");

    private static string Read(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
