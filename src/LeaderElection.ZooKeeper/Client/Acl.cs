namespace LeaderElection.ZooKeeper.Client;

/// <summary>Who may do what with a node.</summary>
internal sealed record Acl(int Permissions, string Scheme, string Id)
{
    private const int Read = 1;
    private const int All = 31;

    /// <summary>Everybody may do everything.</summary>
    public static IReadOnlyList<Acl> Open { get; } = [new(All, "world", "anyone")];

    /// <summary>Everybody may read; all else is for those who hold the creator's secret, and for the bearers of certificates with these subjects.</summary>
    public static IReadOnlyList<Acl> For(bool withPassword, IEnumerable<string> subjects)
    {
        Acl[] owners = [.. withPassword ? [new(All, "auth", "")] : (Acl[])[], .. subjects.Select(s => new Acl(All, "x509", s))];
        return owners is [] ? Open : [.. owners, new(Read, "world", "anyone")];
    }

    public static void Write(JuteWriter writer, IReadOnlyList<Acl> list)
    {
        writer.Int(list.Count);
        foreach (var acl in list)
            writer.Int(acl.Permissions).Text(acl.Scheme).Text(acl.Id);
    }
}
