namespace LeaderElection.Tests.StandIns;

/// Field numbers of the dashboard's Resource message.
internal static class ResourceFields
{
    public const int Name = 1;
    public const int Type = 2;
    public const int State = 5;
    public const int CreatedAt = 6;
    public const int Commands = 11;
    public const int Properties = 12;
    public const int StateStyle = 14;
    public const int HealthReports = 17;
    public const int Relationships = 20;
    public const int IsHidden = 21;
    public const int IconName = 23;

    /// Name and state (0 enabled, 1 disabled, 2 hidden) of each command.
    public static Dictionary<string, long> CommandStates(ProtoMessage resource) =>
        resource.Messages(Commands).ToDictionary(command => command.Text(1), command => command.Number(9));

    public static string Property(ProtoMessage resource, string name) =>
        resource.Messages(Properties).SingleOrDefault(property => property.Text(1) == name)?.Message(3).Text(3) ?? string.Empty;
}
