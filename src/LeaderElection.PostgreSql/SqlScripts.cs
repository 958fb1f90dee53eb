namespace LeaderElection.PostgreSql;

/// <summary>What is sent to the server, for one schema. A script is one round trip and one transaction.</summary>
/// <param name="schema">The schema, a plain name.</param>
internal sealed class SqlScripts(string schema)
{
    private const string DefaultSchema = "leader_election";

    public string Schema { get; } = Read("schema", schema);

    public string Claim { get; } = Read("claim", schema);

    public string Renew { get; } = Read("renew", schema);

    public string Release { get; } = Read("release", schema);

    public string End { get; } = Read("end", schema);

    public string ReadLeader { get; } = Read("read", schema);

    public string Look { get; } = Read("look", schema);

    public string Guard { get; } = Read("guard", schema);

    private static string Read(string name, string schema)
    {
        using var stream = typeof(SqlScripts).Assembly.GetManifestResourceStream(name + ".sql")!;
        using var reader = new StreamReader(stream);
        var text = string.Join('\n', reader.ReadToEnd().Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)));
        return text
            .Replace($"{DefaultSchema}.", $"\"{schema}\".", StringComparison.Ordinal)
            .Replace($"EXISTS {DefaultSchema};", $"EXISTS \"{schema}\";", StringComparison.Ordinal);
    }
}
