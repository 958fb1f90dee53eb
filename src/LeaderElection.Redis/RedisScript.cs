using StackExchange.Redis;

namespace LeaderElection.Redis;

/// <summary>A script that is sent once and called by its hash after that.</summary>
internal sealed class RedisScript
{
    private readonly string _text;

    private RedisScript(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        _text = reader.ReadToEnd();
    }

    public static RedisScript Claim { get; } = new("claim.lua");

    public static RedisScript Renew { get; } = new("renew.lua");

    public static RedisScript Release { get; } = new("release.lua");

    public static RedisScript Read { get; } = new("read.lua");

    public static RedisScript Set { get; } = new("set.lua");

    public static RedisScript Raise { get; } = new("raise.lua");

    public static RedisScript Adopt { get; } = new("adopt.lua");

    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_text, keys, values).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.Contains("NOSCRIPT", StringComparison.Ordinal))
        {
            // The server forgot its scripts (SCRIPT FLUSH, a restart); the client has noticed, and sends it again.
            return await database.ScriptEvaluateAsync(_text, keys, values).ConfigureAwait(false);
        }
    }
}
