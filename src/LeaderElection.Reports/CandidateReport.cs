using System.Text.Json;
using System.Text.Json.Serialization;

namespace LeaderElection.Reports;

/// <summary>
/// What a candidate tells the board: a text message over the WebSocket <c>/api/candidates</c>, sent on every change and
/// once a second while leading. One socket may report for many candidates; when it closes, all of them are gone.
/// </summary>
/// <remarks>
/// The board closes the socket, with the reason in the close frame, on the first message that it does not accept: a
/// sender keeps a receive pending to see it.
/// </remarks>
public sealed partial record CandidateReport
{
    /// <summary>The longest message the board accepts.</summary>
    public const int MaxBytes = 8 * 1024;

    /// <summary>The <see cref="Role"/> of one who leads.</summary>
    public const string Leader = "leader";

    /// <summary>The <see cref="Role"/> of one who campaigns.</summary>
    public const string Follower = "follower";

    /// <summary>The <see cref="Role"/> of one who does not campaign yet, or not any more.</summary>
    public const string Stopped = "stopped";

    /// <summary>The election: a name as all elections have.</summary>
    public required string Election { get; init; }

    /// <summary>The strategy, such as <c>redis</c>.</summary>
    public required string Strategy { get; init; }

    /// <summary>The candidate: unique in its election.</summary>
    public required string Candidate { get; init; }

    /// <summary><see cref="Leader"/>, <see cref="Follower"/> or <see cref="Stopped"/>.</summary>
    public required string Role { get; init; }

    /// <summary>The token of this leadership. A leader gives it, others need not.</summary>
    public long? FencingToken { get; init; }

    /// <summary>When the candidate took this role.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>For how many more seconds the leader may believe. A leader gives it; the board believes no longer.</summary>
    public double? LeaseRemaining { get; init; }

    /// <summary>The candidate's own web address.</summary>
    public string? Url { get; init; }

    /// <summary>Its process id.</summary>
    public int? Pid { get; init; }

    /// <summary>How many seconds the lease lasts after each renewal. A leader may give it.</summary>
    public double? LeaseDuration { get; init; }

    /// <summary>
    /// Why this candidate's last leadership ended: <c>resigned</c>, <c>lease ran out</c> or <c>superseded</c>;
    /// <see langword="null"/> if it never led.
    /// </summary>
    public string? EndReason { get; init; }

    /// <summary>
    /// What it can be asked to do at its <see cref="Url"/>: <c>resign</c>, <c>transfer</c>, <c>crash</c>, <c>freeze</c>,
    /// <c>cut-off</c>, <c>heal</c>.
    /// </summary>
    public IReadOnlyList<string>? Actions { get; init; }

    /// <summary>How its Raft member stands; <see langword="null"/> for other strategies.</summary>
    public RaftReport? Raft { get; init; }

    /// <summary>The message, to be sent as text.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, ReportJson.Default.CandidateReport);

    /// <summary>Reads a message; what its values say is for the reader to check.</summary>
    /// <exception cref="JsonException">It is not JSON, or a field is missing or of the wrong type.</exception>
    public static CandidateReport Parse(ReadOnlySpan<byte> utf8Json) =>
        JsonSerializer.Deserialize(utf8Json, ReportJson.Default.CandidateReport) ?? throw new JsonException("null is not a report");

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(CandidateReport))]
    private sealed partial class ReportJson : JsonSerializerContext;
}
