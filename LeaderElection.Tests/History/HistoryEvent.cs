using System.Text.Json;
using System.Text.Json.Serialization;

namespace LeaderElection.Tests.History;

/// <summary>What happened to one candidate, at a time that all processes of the machine share.</summary>
/// <param name="At">The machine's monotonic clock, in nanoseconds.</param>
/// <param name="Candidate">To whom.</param>
/// <param name="What">What.</param>
/// <param name="Token">Under which fencing token.</param>
/// <param name="Until">
/// On the same clock. For <see cref="EventKind.Believes"/>: until when the candidate may believe; for
/// <see cref="EventKind.Drains"/>: until when nobody else may be elected; for <see cref="EventKind.Killed"/>: when it was certainly
/// dead, if that is known; for <see cref="EventKind.Stalled"/> and <see cref="EventKind.Frozen"/>: the end;
/// for <see cref="EventKind.EntryDeleted"/>: until when two leaders are no violation.
/// </param>
/// <param name="Highest">For <see cref="EventKind.Refused"/>: the highest token that the resource had seen.</param>
/// <param name="Note">For people: which fault it was.</param>
/// <param name="Election">In which election; <see langword="null"/> for what concerns all.</param>
internal sealed record HistoryEvent(
    long At, string Candidate, EventKind What, long Token,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Until = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Highest = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Note = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Election = null)
{
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    public static long Now => TimeProvider.System.GetTimestamp() * (1_000_000_000 / TimeProvider.System.TimestampFrequency);

    public static HistoryEvent Parse(string line) => JsonSerializer.Deserialize<HistoryEvent>(line, Json)!;

    public override string ToString() => JsonSerializer.Serialize(this, Json);
}
